// Colours of the drawings. Categories are told apart by colour-blind readers (Okabe and Ito, "Color
// universal design", 2008); ramps change lightness in one direction.

const kLight = {
  page: '#ffffff', ink: '#1b1f24', muted: '#5c6670', line: '#d9dee3',
  canvas: '#ffffff', border: '#4a535c', grid: '#e8ebee',
  hard: '#a9cbe8', hardLine: '#1f5a8c', hardText: '#0f2c45', notch: '#1f5a8c', hatch: '#5b88ad',
  soft: 'rgba(230,159,0,0.20)', softLine: 'rgba(150,100,0,0.45)',
  port: '#a3387d', halo: 'rgba(31,90,140,0.55)', blockage: 'rgba(60,66,72,0.16)',
  blockageLine: '#6a737c', selected: '#c44e00', net: 'rgba(196,78,0,0.42)', hot: '#0072b2',
  ghost: '#6a737c', series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#7a6a00', '#56b4e9'],
  heat: ['#ffffff', '#fff0c2', '#fdcb6e', '#f2922b', '#cc5803', '#7a2d04', '#3d1402'],
  difference: ['#1a5fa8', '#7fb3dd', '#f6f6f6', '#f1b372', '#b35806'],
};

const kDark = {
  page: '#15181b', ink: '#e4e8eb', muted: '#98a2ac', line: '#343b42',
  canvas: '#1b1f23', border: '#98a2ac', grid: '#2a3036',
  hard: '#2c557b', hardLine: '#86bde9', hardText: '#e3f0fb', notch: '#86bde9', hatch: '#5f93bd',
  soft: 'rgba(240,172,40,0.22)', softLine: 'rgba(240,180,70,0.45)',
  port: '#e39ac9', halo: 'rgba(134,189,233,0.6)', blockage: 'rgba(200,206,212,0.16)',
  blockageLine: '#8d97a0', selected: '#ff9a4d', net: 'rgba(255,154,77,0.45)', hot: '#0a4f96',
  ghost: '#8d97a0', series: ['#6cb8f0', '#ff9a4d', '#3fc79a', '#e39ac9', '#d6c34a', '#a5d8f7'],
  heat: ['#1b1f23', '#3a2a1b', '#6e3d10', '#ab570c', '#e38420', '#fcc164', '#fff3cf'],
  difference: ['#6cb2ff', '#2f5f95', '#24292e', '#97591c', '#ffa24d'],
};

/** The colours in force: those of the page, or those of paper while it is printed. */
export function currentPalette() {
  const root = document.documentElement;
  const wanted = root.dataset.theme;
  const dark = wanted ? wanted === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  return dark && !root.hasAttribute('data-printing') ? kDark : kLight;
}

function parseHex(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** 256 steps of a ramp, [r, g, b] each. */
export function rampTable(colours) {
  const stops = colours.map(parseHex);
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; ++i) {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    for (let channel = 0; channel < 3; ++channel) {
      const from = stops[low][channel];
      table[3 * i + channel] = Math.round(from + (at - low) * (stops[low + 1][channel] - from));
    }
  }
  return table;
}

/** The ramp as a CSS gradient from left to right. */
export function rampGradient(colours) {
  return `linear-gradient(to right, ${colours.join(', ')})`;
}
