// The sections of figures and tables.

import { count, el, fixed, length, plural, shellWord, signed, significant, table }
  from './format.js';
import { movedMacros } from './model.js';
import { lineChart } from './charts.js';

const kTerms = ['wirelength', 'density', 'congestion'];

export function section(id, title, ...content) {
  return el('section', { id, 'aria-labelledby': `${id}-title` },
    el('h2', { id: `${id}-title` }, title), ...content);
}

function note(text) {
  return el('p', { class: 'note' }, text);
}

/** What a run was, in a line. */
export function runSummary(run) {
  const { document } = run;
  return [document.command, document.mode && `class ${document.mode}`,
          document.policy && document.policy !== 'none' && `policy ${document.policy}`,
          `seed ${document.seed}`].filter(Boolean).join(' · ');
}

export function designSummary(run) {
  const { design } = run.document;
  return [plural(design.hard_macros, 'hard macro'), plural(design.soft_macros, 'cluster'),
          design.std_cells > 0 && plural(design.std_cells, 'standard cell'),
          plural(design.ports, 'port'), plural(design.nets, 'net'),
          `canvas ${significant(run.width, 5)} × ${significant(run.height, 5)} µm`,
          `grid ${run.cols} × ${run.rows}`].filter(Boolean).join(' · ');
}

function legality(document) {
  if (document.legal) return 'legal';
  const faults = [document.overlaps > 0 && plural(document.overlaps, 'overlap'),
                  document.outside > 0 && `${count(document.outside)} outside the canvas`,
                  document.moved_fixed > 0 && `${count(document.moved_fixed)} fixed moved`];
  return `not legal: ${faults.filter(Boolean).join(', ')}`;
}

/** The figures that count, at the top. */
export function keyFigures(run) {
  const { cost, time_s: time } = run.document;
  const figure = (name, value, unit, kind) => el('div', { class: `figure ${kind ?? ''}` },
    el('dt', {}, name), el('dd', {}, value, unit ? el('small', {}, ` ${unit}`) : null));
  return el('dl', { class: 'figures' },
    figure('Proxy', fixed(cost.proxy, 5), '', 'main'),
    kTerms.map((term) => figure(term[0].toUpperCase() + term.slice(1), fixed(cost[term], 5))),
    figure('HPWL', ...length(cost.hpwl_um).split(' ')),
    figure('Legality', legality(run.document), '', run.document.legal ? 'good' : 'bad'),
    figure('Time', time ? significant(time.total, 3) : '–', 's'));
}

// -- cost

function costRows(runs) {
  const rows = kTerms.map((term) => ({ name: term, weight: runs[0].document.weights[term],
    values: runs.map((run) => run.document.cost[term]) }));
  rows.push({ name: 'proxy', values: runs.map((run) => run.document.cost.proxy), total: true });
  if (runs.some((run) => run.document.cost.proxy_jittered !== undefined)) {
    rows.push({ name: 'proxy, jittered',
      values: runs.map((run) => run.document.cost.proxy_jittered) });
  }
  return rows;
}

function shareBar(share) {
  const bar = el('div', { class: 'share' });
  bar.style.setProperty('--share', `${100 * Math.min(1, Math.max(0, share))}%`);
  return el('div', { class: 'share-cell' }, bar,
    el('span', {}, `${(100 * share).toFixed(1)} %`));
}

function singleCost(run) {
  const { proxy } = run.document.cost;
  return table([
    { title: 'Term', cell: (row) => row.name },
    { title: 'Value', numeric: true, cell: (row) => fixed(row.values[0], 6) },
    { title: 'Weight', numeric: true, cell: (row) => row.weight ?? '' },
    { title: 'Share',
      cell: (row) => row.weight === undefined ? '' : shareBar(row.weight * row.values[0] / proxy) },
  ], costRows([run]), { rowClass: (row) => (row.total ? 'total' : null) });
}

function manyCosts(runs) {
  const columns = [{ title: 'Term', cell: (row) => row.name },
    { title: 'Weight', numeric: true, cell: (row) => row.weight ?? '' }];
  runs.forEach((run, i) => columns.push({ title: run.name, numeric: true,
    cell: (row) => fixed(row.values[i], 6) }));
  runs.slice(1).forEach((run, i) => columns.push({ numeric: true,
    title: runs.length === 2 ? 'Difference' : `${run.name} − ${runs[0].name}`,
    cell: (row) => {
      const difference = row.values[i + 1] - row.values[0];
      return `${signed(difference, 6)} (${signed(100 * difference / row.values[0], 2)} %)`;
    } }));
  return table(columns, costRows(runs), { rowClass: (row) => (row.total ? 'total' : null) });
}

function comparable(a, b) {
  const key = ({ document }) => JSON.stringify([document.design.canvas_um, document.design.grid,
                                                document.weights, document.constants]);
  return key(a) === key(b);
}

export function costSection(runs) {
  const warning = runs.some((run) => !comparable(run, runs[0]))
    ? note('These costs must not be compared: weights, canvas, grid or routing constants differ.')
    : null;
  return section('cost', 'Cost', warning, runs.length === 1 ? singleCost(runs[0])
                                                            : manyCosts(runs));
}

// -- congestion

export function hotSection(runs, show) {
  const kRows = 12;
  const parts = runs.map((run) => {
    const hot = run.hotCells();
    const mean = hot.reduce((sum, cell) => sum + cell.value, 0) / hot.length;
    const byDirection = hot.filter((cell) => cell.direction === 'horizontal').length;
    return el('div', {}, runs.length > 1 ? el('h3', {}, run.name) : null,
      note(`The congestion cost is the mean of the most congested 5 % of the cells, both ` +
           `directions in one list: ${plural(hot.length, 'value')} (${byDirection} horizontal, ` +
           `${hot.length - byDirection} vertical) from ${fixed(hot[hot.length - 1].value, 3)} to ` +
           `${fixed(hot[0].value, 3)}, mean ${fixed(mean, 6)}.`),
      table([
        { title: 'Column', numeric: true, cell: (cell) => cell.col },
        { title: 'Row', numeric: true, cell: (cell) => cell.row },
        { title: 'Centre (µm)', numeric: true,
          cell: (cell) => `${fixed((cell.col + 0.5) * run.cellWidth, 1)}, ` +
                          `${fixed((cell.row + 0.5) * run.cellHeight, 1)}` },
        { title: 'Direction', cell: (cell) => cell.direction },
        { title: 'Demand / capacity', numeric: true, cell: (cell) => fixed(cell.value, 4) },
        { title: 'Nearest hard macro', cell: (cell) => {
          const id = run.nearestMacro(cell.col, cell.row);
          return id === null ? '–' : nodeButton(run, id, show);
        } },
      ], hot.slice(0, kRows)));
  });
  return section('hot-cells', 'Most congested cells', el('div', { class: 'columns' }, parts));
}

/** The name of a node; it shows the node in the drawing. */
export function nodeButton(run, id, show) {
  return el('button', { class: 'link', type: 'button', title: run.netlist.names[id],
    onclick: () => show(run, id) }, run.netlist.labels[id]);
}

// -- stages

export function stagesSection(runs) {
  const staged = runs.filter((run) => run.stages.length > 0);
  if (staged.length === 0) return null;
  const parts = staged.map((run) => el('div', {},
    runs.length > 1 ? el('h3', {}, run.name) : null,
    run.stages.length > 2 ? lineChart({
      label: 'Proxy cost by stage', xTitle: 'stage', yTitle: 'proxy',
      categories: run.stages.map((stage) => stage.name),
      series: [{ name: 'proxy', points: run.stages.map((stage) => stage.proxy) }] }) : null,
    table([
      { title: 'Stage', cell: (stage) => stage.name },
      { title: 'Proxy', numeric: true, cell: (stage) => fixed(stage.proxy, 6) },
      { title: 'Change', numeric: true, cell: (stage) => {
        const before = run.stages[run.stages.indexOf(stage) - 1];
        return before ? signed(stage.proxy - before.proxy, 6) : '';
      } }], run.stages)));
  return section('stages', 'Stages', el('div', { class: 'columns' }, parts));
}

// -- comparison

export function comparisonSection(a, b, show) {
  const kRows = 15;
  const moved = movedMacros(a, b);
  const far = moved.filter((macro) => macro.distance > 1e-3);
  const turned = moved.filter((macro) => macro.turned);
  const mean = moved.reduce((sum, macro) => sum + macro.distance, 0) / Math.max(1, moved.length);
  const different = moved.filter((macro) => macro.distance > 1e-3 || macro.turned);
  return section('difference', `Difference: ${a.name} → ${b.name}`,
    note(`${far.length} of ${plural(moved.length, 'hard macro')} moved, by ` +
         `${significant(mean, 4)} µm on average over all; ${turned.length} turned or mirrored.`),
    different.length === 0 ? null : table([
      { title: 'Hard macro', cell: (macro) => nodeButton(b, macro.b, show) },
      { title: 'Moved by (µm)', numeric: true, cell: (macro) => fixed(macro.distance, 1) },
      { title: 'From (µm)', numeric: true,
        cell: ({ a: id }) => `${fixed(a.positions.x[id], 1)}, ${fixed(a.positions.y[id], 1)}` },
      { title: 'To (µm)', numeric: true,
        cell: ({ b: id }) => `${fixed(b.positions.x[id], 1)}, ${fixed(b.positions.y[id], 1)}` },
      { title: 'Orientation', cell: (macro) => {
        const [from, to] = [a.positions.orientation[macro.a], b.positions.orientation[macro.b]];
        return from === to ? to : `${from} → ${to}`;
      } },
    ], different.slice(0, kRows)));
}

// -- flat netlists

function flatTrials(flat) {
  return table([
    { title: 'Candidate', cell: (trial) => trial.name + (trial.name === flat.winner ? ' ✓' : '') },
    { title: 'Legal', cell: (trial) => (trial.legal ? 'yes' : 'no') },
    { title: 'Flat HPWL', numeric: true, cell: (trial) => length(trial.hpwl_um) },
    { title: 'Overflow', numeric: true, cell: (trial) => significant(trial.overflow, 3) },
    { title: 'Edge use', numeric: true, cell: (trial) => significant(trial.edge_use, 4) },
    { title: 'Scaled HPWL', numeric: true, cell: (trial) => length(trial.scaled_hpwl_um) },
  ], flat.trials, { rowClass: (trial) => (trial.name === flat.winner ? 'total' : null) });
}

function flatJudgement(flat) {
  const rows = [['HPWL', length(flat.hpwl_um)],
    ...(flat.legal_hpwl_um ? [['HPWL with the cells in rows', length(flat.legal_hpwl_um)]] : []),
    ['Routed length', length(flat.routed_length_um)],
    ['Overflow of the flat placement', significant(flat.overflow, 3)],
    ...Object.entries(flat.ace ?? {}).map(([share, use]) =>
      [`Mean use of the most used ${share} % of the routing edges`, fixed(use, 4)])];
  return table([{ title: 'Figure', cell: (row) => row[0] },
    { title: 'Value', numeric: true, cell: (row) => row[1] }], rows);
}

export function flatSection(runs) {
  const judged = runs.filter((run) => run.document.flat);
  if (judged.length === 0) return null;
  return section('flat', 'Flat netlist', judged.map((run) => {
    const { flat } = run.document;
    const heading = runs.length > 1 ? el('h3', {}, run.name) : null;
    if (flat.failed) return el('div', {}, heading, note(`The flat netlist could not decide: ${flat.failed}`));
    if (!flat.trials) return el('div', {}, heading, flatJudgement(flat));
    return el('div', {}, heading,
      note('Candidates for the hard macros, judged with all standard cells placed around them; ' +
           'the least scaled wirelength wins.'), flatTrials(flat));
  }));
}

// -- how to do it again

function commandLine(document) {
  const words = ['tessera', document.command];
  const options = document.options ?? {};
  for (const [name, values] of Object.entries(options)) {
    if (name === 'netlist') words.push(...values);
  }
  const lists = new Set(['weights', 'routes', 'macro-routes', 'halo', 'channel', 'tracks',
                         'macro-tracks']);
  const flags = new Set(['square-soft-macros', 'flat']);
  for (const [name, values] of Object.entries(options)) {
    if (name === 'netlist') continue;
    if (flags.has(name)) {
      words.push(`--${name}`);
    } else if (lists.has(name)) {
      words.push(`--${name}`, values.join(','));
    } else {
      for (const value of values) words.push(`--${name}`, value);
    }
  }
  return words.map(shellWord).join(' ');
}

function settings(run) {
  const { document } = run;
  const { constants = {}, time_s: time = {} } = document;
  const list = (values) => (values ?? []).join(', ');
  const rows = [
    ['Version', document.tessera], ['Seed', document.seed],
    ['Weights', Object.entries(document.weights)
      .map(([name, weight]) => `${name} ${weight}`).join(', ')],
    ['Routing tracks per µm', `${list(constants.routes_per_um)} (${constants.routes_source ?? '–'})`],
    ['Tracks used by macros per µm',
     `${list(constants.macro_routes_per_um)} (${constants.macro_routes_source ?? '–'})`],
    ['Smoothing range', constants.smooth_range], ['Pins outside the canvas', constants.outside_pins],
    ['Moves evaluated', document.evals === undefined ? null : count(document.evals)],
    ['Chains', document.chains], ['Episodes', document.episodes],
    ['Time (s)', Object.entries(time).filter(([, seconds]) => seconds > 0)
      .map(([name, seconds]) => `${name} ${significant(seconds, 3)}`).join(', ')],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '');
  return table([{ title: 'Setting', cell: (row) => row[0] },
    { title: 'Value', cell: (row) => String(row[1]) }], rows);
}

function files(run) {
  const inputs = (run.document.inputs ?? []).map((input) => ({ ...input, role: 'input' }));
  const outputs = (run.document.outputs ?? []).map((path) => ({ path, role: 'output' }));
  if (inputs.length + outputs.length === 0) return null;
  return table([{ title: 'File', cell: (file) => el('span', { class: 'path' }, file.path) },
    { title: 'Role', cell: (file) => file.role },
    { title: 'SHA-256', cell: (file) => el('code', { class: 'hash' }, file.sha256 ?? '') }],
    [...inputs, ...outputs]);
}

export function reproduceSection(runs) {
  return section('reproduce', 'How it was made', runs.map((run) => el('div', { class: 'made' },
    runs.length > 1 ? el('h3', {}, run.name) : null,
    run.document.options ? el('pre', { class: 'command' }, commandLine(run.document)) : null,
    el('div', { class: 'columns' }, settings(run), files(run)),
    (run.document.warnings ?? []).concat(run.notes).map((text) => note(text)))));
}
