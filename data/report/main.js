// Puts the page together.

import { el } from './format.js';
import { readPayload } from './model.js';
import { redrawCharts } from './charts.js';
import { comparisonSection, costSection, designSummary, flatSection, hotSection, keyFigures,
         reproduceSection, runSummary, stagesSection } from './tables.js';
import { PlacementPanel } from './placement_panel.js';
import { trainingSection } from './training_panel.js';

const kThemes = ['', 'light', 'dark'];
const kThemeNames = { '': 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' };

function themeButton(redraw) {
  const root = document.documentElement;
  const button = el('button', { type: 'button', class: 'quiet', onclick: () => {
    const next = kThemes[(kThemes.indexOf(root.dataset.theme ?? '') + 1) % kThemes.length];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    button.textContent = kThemeNames[next];
    redraw();
  } }, kThemeNames['']);
  return button;
}

const kKeys = [
  ['Arrow keys', 'pan'], ['+ and −', 'zoom'], ['0', 'show all'],
  ['n, p', 'next and previous hard macro'], ['Enter', 'go to the selected macro'],
  ['Esc', 'select nothing'], ['/', 'find a macro by name'],
  ['1 … 8', 'map: none, density, horizontal and vertical congestion, …'],
  ['c, t, g, o, h, x', 'clusters, names, grid, ports, halos, most congested cells'],
  ['[ and ]', 'previous and next stage'], ['?', 'this list'],
];

function keysDialog() {
  const dialog = el('dialog', { class: 'keys', 'aria-label': 'Keys' }, el('h2', {}, 'Keys'),
    el('dl', {}, kKeys.map(([keys, what]) => [el('dt', {}, keys), el('dd', {}, what)])),
    el('p', { class: 'note' }, 'Drag to pan, turn the wheel to zoom, double-click to show all; ' +
       'the arrow keys want the focus on the drawing.'),
    el('form', { method: 'dialog' }, el('button', {}, 'Close')));
  return dialog;
}

function masthead(data, redraw, dialog) {
  const [run] = data.runs;
  const names = new Set(data.runs.map(({ document: { design } }) => design.name));
  const title = data.runs.length === 0 ? 'Training' : [...names].join(', ');
  const lines = run ? [data.runs.length > 1 ? `${data.runs.length} placements` : runSummary(run),
                       designSummary(run)] : [];
  return el('header', { class: 'masthead' },
    el('div', {}, el('h1', {}, title), lines.map((line) => el('p', {}, line))),
    el('div', { class: 'tools' },
      el('button', { type: 'button', class: 'quiet', onclick: () => dialog.showModal() }, 'Keys'),
      themeButton(redraw)));
}

function contents(sections) {
  return el('nav', { 'aria-label': 'Sections' }, sections.map((part) =>
    el('a', { href: `#${part.id}` }, part.querySelector('h2').textContent)));
}

function listenForTheme(redraw) {
  const root = document.documentElement;
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  addEventListener('beforeprint', () => { root.setAttribute('data-printing', ''); redraw(); });
  addEventListener('afterprint', () => { root.removeAttribute('data-printing'); redraw(); });
}

function main() {
  const data = readPayload();
  const { runs, trainings } = data;
  const costs = runs.length > 0 ? costSection(runs) : null;
  // A single placement leaves room beside it.
  const beside = runs.length === 1 ? costs : null;
  const panel = runs.length > 0 ? new PlacementPanel(runs, beside) : null;
  const redraw = () => { panel?.recolour(); redrawCharts(); };
  const show = (run, id) => panel.show(run, id);
  const dialog = keysDialog();
  const sections = [
    panel?.element,
    beside ? null : costs,
    runs.length > 1 ? comparisonSection(runs[0], runs[1], show) : null,
    runs.length > 0 ? hotSection(runs, show) : null,
    stagesSection(runs), flatSection(runs), trainingSection(trainings),
    runs.length > 0 ? reproduceSection(runs) : null,
  ].filter(Boolean);
  document.getElementById('report').replaceChildren(
    masthead(data, redraw, dialog), runs.length === 1 ? keyFigures(runs[0]) : '',
    contents(beside ? [sections[0], beside, ...sections.slice(1)] : sections), el('main', { class: 'paired' }, sections), dialog);
  listenForTheme(redraw);
  document.addEventListener('keydown', (event) => {
    const typing = event.target.matches('input[type="search"], select, textarea');
    if (typing || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '?') dialog.showModal();
    else panel?.key(event);
  });
  // For the console and for tests.
  globalThis.tessera = { data, panel };
}

main();
