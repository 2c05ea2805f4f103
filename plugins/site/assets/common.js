// What the pages share: data files, numbers, state in the address.
"use strict";

const chunks = {};

/** Called by data files, which are scripts since a page opened from the file system may read nothing else. */
function harnessData(name, value) {
  chunks[name] = value;
}

const underWay = new Map();

/** The data of a file, loaded once, however many ask for it at a time. */
function loadData(path, name) {
  if (name in chunks) return Promise.resolve(chunks[name]);
  if (!underWay.has(name)) underWay.set(name, loadScript(path, name).finally(() => underWay.delete(name)));
  return underWay.get(name);
}

function loadScript(path, name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = path;
    script.onload = () => resolve(chunks[name]);
    script.onerror = () => reject(new Error(`${path} cannot be read`));
    script.addEventListener("load", () => script.remove());
    script.addEventListener("error", () => script.remove());
    document.head.append(script);
  });
}

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function inflate(text) {
  const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Whether decimal digits lie exactly between those kept and the next, where Python rounds to the even one. */
const isHalf = (digits, kept) => /^50*$/.test(digits.slice(kept)) && Number(digits[kept - 1] ?? 0) % 2 === 0;

/** As Python's "%.{digits}f". */
function fixed(value, digits) {
  const [whole, rest] = Math.abs(value).toFixed(60).split("."); // exact, for what is not tiny
  const half = isHalf(whole + rest, whole.length + digits);
  const text = half ? `${whole}.${rest.slice(0, digits)}` : Math.abs(value).toFixed(digits);
  return (value < 0 || Object.is(value, -0) ? "-" : "") + text;
}

/** As Python's "%.{digits}g". */
function general(value, digits) {
  if (value === 0) return "0";
  const exact = Math.abs(value).toExponential(60).replace(".", "").split("e");
  if (isHalf(exact[0], digits)) {
    return general(Math.sign(value) * Number(`${exact[0].slice(0, digits)}e${Number(exact[1]) - digits + 1}`), digits);
  }
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  const strip = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < digits) return strip(value.toFixed(digits - 1 - exponent));
  return `${strip(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** A figure with the digits that the command line shows. */
function figure(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "-";
  return unit === "fraction" ? fixed(100 * value, 2) : general(value, 4);
}

/** The state that the address holds after its #. */
function readState() {
  return new URLSearchParams(location.hash.slice(1));
}

function writeState(parameters) {
  const text = parameters.toString();
  try {
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch {
    location.hash = text; // some browsers refuse the other for files
  }
}

/** A title that may be broken after an underscore, slash or dot. */
function soft(text) {
  const made = element("bdi");
  for (const part of text.split(/(?<=[_/.·])/)) made.append(part, element("wbr"));
  return made;
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
