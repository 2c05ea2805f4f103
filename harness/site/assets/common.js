// What the pages share: data files, numbers, state in the address.
"use strict";

const chunks = {};

/** Called by data files, which are scripts since a page opened from the file system may read nothing else. */
function harnessData(name, value) {
  chunks[name] = value;
}

/** The data of a file, loaded once. */
function loadData(path, name) {
  if (name in chunks) return Promise.resolve(chunks[name]);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = path;
    script.onload = () => resolve(chunks[name]);
    script.onerror = () => reject(new Error(`${path} cannot be read`));
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

/** As Python's "%.{digits}f", which rounds exact halves to the even digit. */
function fixed(value, digits) {
  const halves = value * 2 ** (digits + 1);
  if (Number.isInteger(halves) && Math.abs(halves % 2) === 1) {
    const scaled = Math.abs(value) * 10 ** digits;
    const below = Math.floor(scaled);
    const even = below % 2 === 0 ? below : below + 1;
    return (value < 0 ? "-" : "") + (even / 10 ** digits).toFixed(digits);
  }
  return value.toFixed(digits);
}

/** As Python's "%.{digits}g". */
function general(value, digits) {
  if (value === 0) return "0";
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
