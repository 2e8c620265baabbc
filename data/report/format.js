// Numbers and elements.

/** A number with so many significant digits, without an exponent where that is readable. */
export function significant(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-5) return value.toExponential(digits - 1);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toLocaleString('en', { minimumFractionDigits: Math.min(decimals, 8),
                                      maximumFractionDigits: Math.min(decimals, 8) });
}

export function fixed(value, decimals) {
  return Number.isFinite(value) ? value.toFixed(decimals).replace('-', '−') : '–';
}

/** A number without zeros at its end. */
export function plain(value, decimals = 4) {
  return Number.isFinite(value) ? String(Number(value.toFixed(decimals))) : '–';
}

/** Microns in the unit that suits them. */
export function length(um) {
  if (!Number.isFinite(um)) return '–';
  if (um >= 1e6) return `${significant(um / 1e6, 5)} m`;
  return um >= 1e3 ? `${significant(um / 1e3, 5)} mm` : `${significant(um, 5)} µm`;
}

export function count(value) {
  return Number(value).toLocaleString('en');
}

export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${Number(value) === 1 ? one : many}`;
}

/** A difference with its sign. */
export function signed(value, decimals) {
  if (!Number.isFinite(value)) return '–';
  const text = Math.abs(value).toFixed(decimals);
  return Number(text) === 0 ? text : (value < 0 ? '−' : '+') + text;
}

/** A word of a shell command. */
export function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The last part of a path. */
export function baseName(name) {
  const slash = name.lastIndexOf('/');
  return slash >= 0 && slash + 1 < name.length ? name.slice(slash + 1) : name;
}

/**
 * An element. Names of a netlist may hold anything, so nothing here is ever parsed as HTML: texts
 * become text nodes, keys that start with "on" listeners, the others attributes.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) {
      element.addEventListener(key.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? '' : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * A table. Columns are {title, numeric, cell(row)}, where `cell` returns a text or a node.
 */
export function table(columns, rows, options = {}) {
  const align = (column) => ({ class: column.numeric ? 'number' : null });
  const head = el('thead', {}, el('tr', {}, columns.map(
    (column) => el('th', { scope: 'col', ...align(column) }, column.title))));
  const body = el('tbody', {}, rows.map((row) => el('tr', { class: options.rowClass?.(row) },
    columns.map((column) => el('td', align(column), column.cell(row))))));
  return el('div', { class: 'table-box' }, el('table', {}, head, body));
}
