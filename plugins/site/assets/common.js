// What the pages share: data files, state in the address, elements.
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

/** The bytes of a deflated text in base64. */
async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The number of an item as it is shown, within one unit of the last digit that Python writes; Python writes all others. */
function itemFigure(value, unit) {
  if (!Number.isFinite(value)) return "-";
  return unit === "fraction" ? (100 * value).toFixed(2) : String(Number(value.toPrecision(4)));
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
