// The drawing of one placement or of two side by side, with its controls.

import { count, el, fixed, plain, plural, significant } from './format.js';
import { Camera, mapPicture } from './floorplan_drawing.js';
import { FloorplanView } from './floorplan_view.js';
import { currentPalette, rampGradient } from './palette.js';
import { kKindNames, movedMacros, sameGrid } from './model.js';
import { nodeButton } from './tables.js';

const kLayers = [
  { name: 'clusters', title: 'Clusters', key: 'c', on: true },
  { name: 'names', title: 'Names', key: 't', on: true },
  { name: 'grid', title: 'Grid', key: 'g', on: true },
  { name: 'ports', title: 'Ports', key: 'o', on: true },
  { name: 'halos', title: 'Halos', key: 'h', on: true, needs: (run) => run.halos.length > 0 },
  { name: 'hot', title: 'Most congested 5 %', key: 'x', on: false },
];

const kMaps = [
  { name: 'none', title: 'None' },
  { name: 'density', title: 'Density', unit: 'area in a cell / its area' },
  { name: 'horizontal', title: 'Horizontal', unit: 'horizontal demand / capacity' },
  { name: 'vertical', title: 'Vertical', unit: 'vertical demand / capacity' },
  { name: 'worst', title: 'H or V', unit: 'the larger of both, demand / capacity' },
  { name: 'edges', title: 'Routing edges', unit: 'use of the most used edge of a gcell, flat netlist',
    needs: (run) => run.flatMaps },
  { name: 'rudy', title: 'RUDY', unit: 'wire per area, µm / µm², flat netlist',
    needs: (run) => run.flatMaps },
  { name: 'policy', title: 'Policy', unit: 'probability of a cell',
    needs: (run) => run.policy },
];

const kDecades = 4;  // of probabilities on the policy's map

const isFlat = (name) => name === 'edges' || name === 'rudy';

/** The columns and rows of a map. */
function mapGrid(run, name) {
  return isFlat(name) ? { cols: run.flatMaps.grid[0], rows: run.flatMaps.grid[1] } : run;
}

/** The values of a map, or null where there are none. */
function mapValues(run, name, selected) {
  if (name === 'none') return null;
  if (name === 'policy') {
    const step = run.policy ? run.policy.macros.indexOf(selected) : -1;
    // Decades above one in ten thousand.
    return step < 0 ? null
      : run.policy.probabilities[step].map((share) => Math.max(0, Math.log10(share) + kDecades));
  }
  if (isFlat(name)) return run.flatMaps?.[name] ?? null;
  if (name !== 'worst') return run.maps[name];
  return run.maps.horizontal.map((value, cell) => Math.max(value, run.maps.vertical[cell]));
}

export class PlacementPanel {
  /** `more`: what stands beside the drawing, below its controls. */
  constructor(runs, more) {
    this.runs = runs;
    this.more = more;
    this.layers = Object.fromEntries(kLayers.map((layer) => [layer.name, layer.on]));
    this.map = 'none';
    this.difference = false;
    this.arrows = true;
    this.shown = runs.slice(0, 2);  // one run, or the two side by side
    this.build();
    this.showRuns();
  }

  // -- elements

  build() {
    this.viewBox = el('div', { class: 'views' });
    this.inspector = el('div', { class: 'inspector', 'aria-live': 'polite' });
    this.scaleBox = el('div', { class: 'scale' });
    this.stageBox = el('div', { class: 'stage-bar' });
    this.element = el('section', { id: 'placement', 'aria-labelledby': 'placement-title' },
      el('h2', { id: 'placement-title', class: 'visually-hidden' }, 'Placement'),
      el('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'What is shown' },
        this.runChoice(), this.mapChoice(), this.layerChoice(), this.compareChoice(),
        this.zoomButtons()),
      el('div', { class: 'workspace' },
        el('div', {}, this.viewBox, this.stageBox),
        el('aside', {}, this.searchField(), this.inspector, this.scaleBox, this.legend(), this.more ?? '')));
  }

  group(title, ...content) {
    return el('fieldset', { class: 'group' }, el('legend', {}, title), ...content);
  }

  runChoice() {
    if (this.runs.length < 2) return null;
    const choice = (at) => {
      const select = el('select', { 'aria-label': at === 0 ? 'Left placement' : 'Right placement',
        onchange: () => this.chooseRun(at, select.value) },
        at === 1 ? el('option', { value: '' }, 'nothing') : null,
        this.runs.map((run, i) => el('option', { value: i,
          selected: this.shown[at] === run }, run.name)));
      return select;
    };
    return this.group('Placements', choice(0), el('span', { class: 'versus' }, 'and'), choice(1));
  }

  chooseRun(at, value) {
    const runs = [this.shown[0], this.shown[1] ?? null];
    runs[at] = value === '' ? null : this.runs[Number(value)];
    this.shown = runs.filter(Boolean);
    this.showRuns();
  }

  mapChoice() {
    this.mapInputs = {};
    const maps = kMaps.filter((map) => !map.needs || this.runs.some(map.needs));
    return this.group('Map', maps.map((map, i) => {
      const input = el('input', { type: 'radio', name: 'map', value: map.name,
        checked: map.name === this.map, onchange: () => this.setMap(map.name) });
      this.mapInputs[map.name] = input;
      return el('label', { class: 'pill', title: `key ${i + 1}` }, input, el('span', {}, map.title));
    }));
  }

  layerChoice() {
    this.layerInputs = {};
    const layers = kLayers.filter((layer) => !layer.needs || this.runs.some(layer.needs));
    return this.group('Layers', layers.map((layer) => {
      const input = el('input', { type: 'checkbox', name: `layer-${layer.name}`,
        checked: layer.on, onchange: () => this.setLayer(layer.name, input.checked) });
      this.layerInputs[layer.name] = input;
      return el('label', { class: 'pill', title: `key ${layer.key}` }, input,
                el('span', {}, layer.title));
    }));
  }

  compareChoice() {
    if (this.runs.length < 2) return null;
    const flag = (field, title) => {
      const input = el('input', { type: 'checkbox', checked: this[field], onchange: () => {
        this[field] = input.checked;
        this.repaint();
      } });
      return el('label', { class: 'pill' }, input, el('span', {}, title));
    };
    return this.group('On the right', flag('arrows', 'Moves'), flag('difference', 'Map difference'));
  }

  zoomButtons() {
    const button = (text, title, action) => el('button', { type: 'button', title,
      'aria-label': title, onclick: () => this.views[0] && action(this.views[0]) }, text);
    return el('div', { class: 'zoom' },
      button('−', 'Zoom out', (view) => view.zoom(1 / 1.4)),
      button('+', 'Zoom in', (view) => view.zoom(1.4)),
      button('Fit', 'Show all', (view) => view.fit()));
  }

  searchField() {
    const netlist = this.runs[0].netlist;
    const list = el('datalist', { id: 'macro-names' },
      netlist.hard.map((id) => el('option', { value: netlist.names[id] })));
    this.search = el('input', { type: 'search', list: 'macro-names', placeholder: 'Find a macro  ( / )',
      'aria-label': 'Find a macro by name', onchange: () => this.find(this.search.value) });
    return el('div', {}, this.search, list);
  }

  find(text) {
    const [run] = this.shown;
    const { names } = run.netlist;
    const wanted = text.trim().toLowerCase();
    if (wanted === '') return;
    const exact = run.netlist.idOfName.get(text.trim());
    const id = exact ?? names.findIndex((name) => name.toLowerCase().includes(wanted));
    if (id >= 0) this.show(run, id);
  }

  legend() {
    const run = this.runs[0];
    const item = (kind, text) => el('li', {}, el('span', { class: `swatch ${kind}` }), text);
    return el('ul', { class: 'legend', 'aria-label': 'Legend' },
      item('hard', 'hard macro, notch at the lower left of N'),
      run.fixed && [...run.netlist.hard].some((id) => run.isFixed(id))
        ? item('fixed', 'fixed hard macro') : null,
      run.netlist.soft.length > 0 ? item('soft', 'cluster of standard cells') : null,
      run.netlist.ports.length > 0 ? item('port', 'port') : null,
      run.blockages.length > 0 ? item('blockage', 'blockage') : null,
      run.halos.length > 0 ? item('halo', 'halo') : null,
      item('net', 'nets of the selected node'),
      item('hot', 'most congested cells, along the direction'));
  }

  // -- what is shown

  showRuns() {
    const camera = this.shown.length === 2 && sameGrid(...this.shown) ? new Camera() : null;
    this.stage = null;
    this.views = this.shown.map((run) => new FloorplanView(
      { run, positions: run.positions, layers: this.layers, picture: null, selected: null,
        hovered: null, moved: null, hidden: null },
      camera, (view, kind) => this.heard(view, kind)));
    this.viewBox.replaceChildren(...this.views.map((view) => el('figure', {},
      this.runs.length > 1 ? el('figcaption', {}, view.scene.run.name, el('span', {},
        `proxy ${fixed(view.scene.run.document.cost.proxy, 5)}`)) : '', view.element)));
    this.viewBox.classList.toggle('two', this.views.length === 2);
    const [{ width, height }] = this.shown;
    this.element.style.setProperty('--aspect', Math.min(4, Math.max(0.5, width / height)));
    this.element.classList.toggle('single', this.views.length === 1);
    this.showStageBar();
    this.repaint();
    this.inspect();
  }

  /** Computes pictures and scales again. */
  repaint() {
    this.paintMaps();
    const [left, right] = this.views;
    if (right) {
      const [a, b] = this.shown;
      right.scene.moved = this.arrows
        ? { macros: movedMacros(a, b), from: a.positions } : null;
      left.scene.moved = null;
    }
    for (const view of this.views) view.redraw();
  }

  recolour() {
    this.repaint();
    for (const view of this.views) view.drawNow();
  }

  paintMaps() {
    const selected = this.views.map((view) => view.scene.selected);
    const values = this.shown.map((run, i) => mapValues(run, this.map, selected[i]));
    const all = values.filter(Boolean);
    const { heat, difference } = currentPalette();
    const policy = this.map === 'policy';
    const high = policy ? kDecades
      : Math.max(1e-9, ...all.map((one) => one.reduce((a, b) => Math.max(a, b), 0)));
    this.views.forEach((view, i) => {
      const { run } = view.scene;
      view.scene.picture = values[i]
        ? mapPicture(mapGrid(run, this.map), values[i], [0, high], heat) : null;
    });
    this.views.forEach((view) => { view.scene.hidden = policy ? this.notYetPlaced(view) : null; });
    const scales = all.length > 0 ? [this.scale(heat, policy ? '≤ 10⁻⁴' : '0',
      policy ? '1' : significant(high, 3), this.unit())] : [];
    if (this.showsDifference(values)) {
      const change = values[1].map((value, cell) => value - values[0][cell]);
      const most = Math.max(1e-9, change.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
      this.views[1].scene.picture = mapPicture(mapGrid(this.shown[1], this.map), change, [-most, most],
                                               difference);
      scales.push(this.scale(difference, `−${significant(most, 3)}`, `+${significant(most, 3)}`,
                             'right minus left'));
    }
    if (policy && all.length === 0) {
      scales.push(el('p', { class: 'note' }, 'Select a hard macro that the policy placed.'));
    }
    this.scaleBox.replaceChildren(...scales);
  }

  /** What the policy could not see: macros that it placed after the one selected. */
  notYetPlaced(view) {
    const { policy } = view.scene.run;
    const step = policy ? policy.macros.indexOf(view.scene.selected) : -1;
    return step < 0 ? null : new Set(policy.macros.slice(step + 1));
  }

  showsDifference(values) {
    return this.difference && values.length === 2 && values.every(Boolean) &&
      sameGrid(...this.shown) && values[0].length === values[1].length;
  }

  unit() {
    const { unit } = kMaps.find((map) => map.name === this.map);
    const [{ scene }] = this.views;
    const macros = this.map === 'policy' ? scene.run.policy?.macros ?? [] : [];
    const step = macros.indexOf(scene.selected);
    return step < 0 ? unit : `${unit}, macro ${step + 1} of ${macros.length}`;
  }

  scale(ramp, low, high, unit) {
    const bar = el('div', { class: 'ramp' });
    bar.style.background = rampGradient(ramp);
    return el('div', {}, bar,
      el('div', { class: 'ramp-ends' }, el('span', {}, low), el('span', {}, unit),
         el('span', {}, high)));
  }

  setMap(name) {
    this.map = name;
    if (this.mapInputs[name]) this.mapInputs[name].checked = true;
    this.repaint();
  }

  setLayer(name, on) {
    this.layers[name] = on;
    if (this.layerInputs[name]) this.layerInputs[name].checked = on;
    for (const view of this.views) view.redraw();
  }

  // -- stages

  showStageBar() {
    const run = this.shown.length === 1 ? this.shown[0] : null;
    this.stageSlider = null;
    if (!run || run.stages.length < 2) {
      this.stageBox.replaceChildren();
      return;
    }
    const last = run.stages.length - 1;
    this.stageText = el('output', {});
    this.stageSlider = el('input', { type: 'range', min: 0, max: last, value: last, step: 1,
      'aria-label': 'Stage of the run', oninput: () => this.setStage(Number(this.stageSlider.value)) });
    this.stageBox.replaceChildren(el('label', {}, 'Stage', this.stageSlider), this.stageText);
    this.setStage(last);
  }

  setStage(index) {
    const [run] = this.shown;
    const last = run.stages.length - 1;
    const stage = run.stages[index];
    this.stageSlider.value = index;
    const known = stage.positions !== null;
    this.views[0].scene.positions = known && index < last ? stage.positions : run.positions;
    const hint = index < last && !known
      ? ' — its positions are not in this report (place --report keeps them)'
      : index < last && this.map !== 'none' ? ' — maps are those of the end' : '';
    this.stageText.replaceChildren(`${index + 1} of ${last + 1}: ${stage.name}, proxy `,
      el('b', {}, fixed(stage.proxy, 5)), hint);
    this.views[0].redraw();
  }

  // -- nodes

  /** Selects a node and brings it into sight. */
  show(run, id) {
    let view = this.views.find((one) => one.scene.run === run);
    if (!view) {
      this.shown = [run];
      this.showRuns();
      [view] = this.views;
    }
    view.select(id);
    view.goTo(id);
    this.element.scrollIntoView({ block: 'start', behavior: 'smooth' });
  }

  heard(view, kind) {
    for (const other of this.views ?? []) {
      if (other === view) continue;
      if (kind === 'camera') {
        if (other.camera === view.camera) {
          other.fitted = view.fitted;
          other.fittedScale = view.fittedScale;
          other.redraw();
        }
      } else {
        this.follow(view, other, kind === 'hover' ? 'hovered' : 'selected');
      }
    }
    if (kind === 'select' && this.map === 'policy') this.repaint();
    if (kind !== 'camera') this.inspect();
  }

  /** The other view shows the node of the same name. */
  follow(view, other, field) {
    const id = view.scene[field];
    const name = id === null ? null : view.scene.run.netlist.names[id];
    other.scene[field] = other.scene.run.netlist.idOfName.get(name) ?? null;
    other.redraw();
  }

  /** Tells of the node under the pointer, else of the one selected, else of how to choose one. */
  inspect() {
    const view = this.views.find(({ scene }) => scene.hovered !== null) ??
      this.views.find(({ scene }) => scene.selected !== null);
    if (!view) {
      this.inspector.replaceChildren(el('h3', {}, 'Canvas'), this.canvasFacts(this.shown[0]),
        el('p', { class: 'note' }, 'Point at a macro for what it is; click it for its nets.'));
      return;
    }
    const { run, hovered, selected } = view.scene;
    const id = hovered ?? selected;
    this.inspector.replaceChildren(el('h3', {}, run.netlist.names[id]), this.facts(view.scene, id),
      id === selected ? this.connections(run, id) : '');
  }

  canvasFacts(run) {
    const { netlist } = run;
    const share = (ids) => `${count(ids.length)}, ${(100 * run.areaShare(ids)).toFixed(1)} % ` +
      'of the canvas';
    const numFixed = netlist.hard.filter((id) => run.isFixed(id)).length;
    return this.factList([
      ['Size', `${plain(run.width)} × ${plain(run.height)} µm`],
      ['Grid cell', `${plain(run.cellWidth)} × ${plain(run.cellHeight)} µm`],
      ['Hard macros', share(netlist.hard) + (numFixed > 0 ? `; ${count(numFixed)} fixed` : '')],
      ['Clusters', netlist.soft.length > 0 ? share(netlist.soft) : null],
      ['Standard cells', netlist.numStdCells > 0 ? count(netlist.numStdCells) : null],
      ['Ports', count(netlist.ports.length)],
      ['Blockages', run.blockages.length > 0 ? count(run.blockages.length) : null],
    ]);
  }

  factList(rows) {
    return el('dl', { class: 'facts' }, rows.filter((row) => row && row[1])
      .map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
  }

  facts(scene, id) {
    const { run, positions } = scene;
    const { netlist } = run;
    const kind = netlist.kinds[id];
    const x = positions.x[id];
    const y = positions.y[id];
    const cell = run.cellAt(x, y);
    return this.factList([
      ['Kind', kKindNames[kind] + (kind === 'm' && run.isFixed(id) ? ', fixed' : '')],
      ['Master', netlist.masters[id]],
      kind === 'p' ? null : ['Size', `${plain(netlist.width[id])} × ` +
                                     `${plain(netlist.height[id])} µm`],
      kind === 'm' ? ['Orientation', positions.orientation[id]] : null,
      ['Centre', `${fixed(x, 3)}, ${fixed(y, 3)} µm`],
      kind === 'p' ? null : ['Lower left', `${fixed(x - positions.halfWidth[id], 3)}, ` +
                                           `${fixed(y - positions.halfHeight[id], 3)} µm`],
      cell ? ['Grid cell', `column ${cell.col}, row ${cell.row}`] : null,
      ['Pins, nets', `${plural(netlist.numPins[id], 'pin')}, ${plural(netlist.numNets[id], 'net')}`],
    ]);
  }

  connections(run, id) {
    const kMost = 6;
    const neighbours = run.netlist.neighbours(id);
    if (neighbours.length === 0) return '';
    return el('div', {}, el('h4', {}, `Shares nets with ${plural(neighbours.length, 'node')}`),
      el('ol', { class: 'neighbours' }, neighbours.slice(0, kMost).map((other) => el('li', {},
        nodeButton(run, other.id, (of, to) => this.show(of, to)),
        el('span', {}, `weight ${plain(other.weight, 2)}`)))));
  }

  // -- keys

  key(event) {
    const map = kMaps.filter((one) => this.mapInputs[one.name])[Number(event.key) - 1];
    const layer = kLayers.find((one) => one.key === event.key && this.layerInputs[one.name]);
    if (event.key === '/') this.search.focus();
    else if (map) this.setMap(map.name);
    else if (layer) this.setLayer(layer.name, !this.layers[layer.name]);
    else if ((event.key === '[' || event.key === ']') && this.stageSlider) this.stepStage(event.key);
    else if ('np0+-'.includes(event.key) || event.key === 'Escape') this.views[0].key(event);
    else return;
    event.preventDefault();
  }

  stepStage(key) {
    const slider = this.stageSlider;
    const index = Number(slider.value) + (key === ']' ? 1 : -1);
    if (index >= 0 && index <= Number(slider.max)) this.setStage(index);
  }
}
