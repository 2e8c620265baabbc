// The payload as typed arrays, and what follows from it.

import { baseName } from './format.js';

// Centre offset (x, y) in orientation N to that in another one, as rows of a matrix.
const kTurns = {
  N: [1, 0, 0, 1], FN: [-1, 0, 0, 1], S: [-1, 0, 0, -1], FS: [1, 0, 0, -1],
  E: [0, 1, -1, 0], FE: [0, -1, -1, 0], W: [0, -1, 1, 0], FW: [0, 1, 1, 0],
};
const kUnturned = kTurns.N;

export const kKindNames = { m: 'hard macro', s: 'cluster', p: 'port' };

/**
 * Short names by node: of a hard macro the shortest end of its path that no other one has, without
 * the last parts that all of them share; of others the last part. Parts end at a slash or a dot.
 */
function shortLabels(names, hard) {
  const labels = names.map(baseName);
  const paths = hard.map((id) => names[id].match(/[^/.]*[/.]?/g).filter(Boolean));
  const lastPart = (path) => path.at(-1);
  if (paths.length > 1) {
    while (paths.every((path) => path.length > 1 && lastPart(path) === lastPart(paths[0]))) {
      for (const path of paths) path.pop();
    }
  }
  let open = hard.map((id, i) => i);
  for (let depth = 1; open.length > 0; ++depth) {
    const ends = new Map();
    for (const i of open) {
      labels[hard[i]] = paths[i].slice(-depth).join('').replace(/(.)[/.]$/, '$1');
      ends.set(labels[hard[i]], (ends.get(labels[hard[i]]) ?? 0) + 1);
    }
    open = open.filter((i) => ends.get(labels[hard[i]]) > 1 && depth < paths[i].length);
  }
  return labels;
}

/** Nodes, pins and nets. Node ids are positions in the payload's arrays. */
export class Netlist {
  constructor(payload) {
    this.names = payload.names ?? [];
    this.kinds = payload.kinds;
    this.masters = payload.master ?? [];
    this.width = Float64Array.from(payload.width ?? []);
    this.height = Float64Array.from(payload.height ?? []);
    this.numPins = payload.num_pins ?? [];
    this.numNets = payload.num_nets ?? [];
    this.numStdCells = payload.std_cells;
    this.pinX = Float64Array.from(payload.pin_x);
    this.pinY = Float64Array.from(payload.pin_y);
    this.firstPin = Uint32Array.from(payload.first_pin);
    this.netStart = Uint32Array.from(payload.net_start);
    this.netPins = Uint32Array.from(payload.net_pins);
    this.netWeight = Float64Array.from(payload.net_weight);
    this.hard = this.nodesOfKind('m');
    this.soft = this.nodesOfKind('s');
    this.ports = this.nodesOfKind('p');
    this.nodeOfPin = this.makeNodeOfPin();
    this.indexNets();
    this.labels = shortLabels(this.names, this.hard);
    this.idOfName = new Map(this.names.map((name, id) => [name, id]));
  }

  get size() { return this.names.length; }

  nodesOfKind(letter) {
    const ids = [];
    for (let id = 0; id < this.kinds.length; ++id) {
      if (this.kinds[id] === letter) ids.push(id);
    }
    return ids;
  }

  makeNodeOfPin() {
    const nodeOfPin = new Uint32Array(this.pinX.length);
    for (let id = 0; id < this.size; ++id) {
      nodeOfPin.fill(id, this.firstPin[id], this.firstPin[id + 1]);
    }
    return nodeOfPin;
  }

  // Nets of each pin in compressed rows.
  indexNets() {
    const start = new Uint32Array(this.pinX.length + 1);
    for (const pin of this.netPins) ++start[pin + 1];
    for (let pin = 0; pin < this.pinX.length; ++pin) start[pin + 1] += start[pin];
    const fill = start.slice();
    const nets = new Uint32Array(this.netPins.length);
    for (let net = 0; net + 1 < this.netStart.length; ++net) {
      for (let i = this.netStart[net]; i < this.netStart[net + 1]; ++i) {
        nets[fill[this.netPins[i]]++] = net;
      }
    }
    this.pinNetStart = start;
    this.pinNets = nets;
  }

  /** Calls `visit(net, pin)` for each pair of a pin of the node and a net on it. */
  forNetsOf(id, visit) {
    for (let pin = this.firstPin[id]; pin < this.firstPin[id + 1]; ++pin) {
      for (let i = this.pinNetStart[pin]; i < this.pinNetStart[pin + 1]; ++i) {
        visit(this.pinNets[i], pin);
      }
    }
  }

  /** Nodes that share nets with `id`: [{id, weight}], most weight first. */
  neighbours(id) {
    const weightOf = new Map();
    this.forNetsOf(id, (net) => {
      for (let i = this.netStart[net]; i < this.netStart[net + 1]; ++i) {
        const other = this.nodeOfPin[this.netPins[i]];
        if (other !== id) weightOf.set(other, (weightOf.get(other) ?? 0) + this.netWeight[net]);
      }
    });
    return [...weightOf].map(([other, weight]) => ({ id: other, weight }))
      .sort((a, b) => b.weight - a.weight || a.id - b.id);
  }
}

/** Where the nodes of a netlist are. */
export class Positions {
  constructor(netlist, payload) {
    this.netlist = netlist;
    this.x = Float64Array.from(payload.x);
    this.y = Float64Array.from(payload.y);
    this.orientation = payload.orientation;
    this.placed = payload.placed;
    const size = netlist.size;
    this.halfWidth = new Float64Array(size);
    this.halfHeight = new Float64Array(size);
    for (let id = 0; id < size; ++id) {
      const turned = this.turn(id)[0] === 0;
      this.halfWidth[id] = 0.5 * (turned ? netlist.height[id] : netlist.width[id]);
      this.halfHeight[id] = 0.5 * (turned ? netlist.width[id] : netlist.height[id]);
    }
  }

  turn(id) { return kTurns[this.orientation[id]] ?? kUnturned; }
  isPlaced(id) { return this.placed[id] === '1'; }

  /** Microns of a pin. */
  pin(pin) {
    const id = this.netlist.nodeOfPin[pin];
    const turn = this.turn(id);
    const x = this.netlist.pinX[pin];
    const y = this.netlist.pinY[pin];
    return [this.x[id] + turn[0] * x + turn[1] * y, this.y[id] + turn[2] * x + turn[3] * y];
  }

  /** The node under a point: ports within `reach` microns, then hard macros, then clusters. */
  at(x, y, reach, layers) {
    const { ports, hard, soft } = this.netlist;
    let best = null;
    let least = reach;
    for (const id of layers.ports ? ports : []) {
      const distance = Math.max(Math.abs(this.x[id] - x), Math.abs(this.y[id] - y));
      if (this.isPlaced(id) && distance < least) [best, least] = [id, distance];
    }
    if (best !== null) return best;
    const covers = (id) => this.isPlaced(id) && Math.abs(this.x[id] - x) <= this.halfWidth[id] &&
      Math.abs(this.y[id] - y) <= this.halfHeight[id];
    const macro = hard.find(covers);
    if (macro !== undefined) return macro;
    // Clusters overlap: the smallest is the one that could not be pointed at otherwise.
    let area = Infinity;
    for (const id of layers.clusters ? soft : []) {
      const own = this.halfWidth[id] * this.halfHeight[id];
      if (own < area && covers(id)) [best, area] = [id, own];
    }
    return best;
  }
}

/** A placement with its maps and the document of the command that made it. */
export class Run {
  constructor(payload, netlists, index) {
    this.index = index;
    this.name = payload.name;
    this.document = payload.document;
    this.netlist = netlists[payload.netlist];
    [this.width, this.height] = payload.canvas_um;
    [this.cols, this.rows] = payload.grid;
    this.blockages = payload.blockages;
    this.halos = payload.halos;
    this.fixed = payload.fixed;
    this.maps = payload.maps;
    this.notes = payload.notes;
    this.policy = payload.policy ?? null;
    this.flatMaps = payload.flat_maps ?? null;
    this.positions = new Positions(this.netlist, payload.positions);
    this.stages = payload.stages.map((stage) => ({
      name: stage.name, proxy: stage.proxy,
      positions: stage.positions ? new Positions(this.netlist, stage.positions) : null,
    }));
  }

  get cellWidth() { return this.width / this.cols; }
  get cellHeight() { return this.height / this.rows; }
  get hasStagePositions() { return this.stages.some((stage) => stage.positions); }

  /** Share of the canvas that some nodes would cover side by side. */
  areaShare(ids) {
    const { width, height } = this.netlist;
    return ids.reduce((sum, id) => sum + width[id] * height[id], 0) / (this.width * this.height);
  }

  isFixed(id) { return this.fixed[id] === '1'; }

  cellAt(x, y) {
    const col = Math.floor(x / this.cellWidth);
    const row = Math.floor(y / this.cellHeight);
    const inside = col >= 0 && row >= 0 && col < this.cols && row < this.rows;
    return inside ? { col, row, index: col + row * this.cols } : null;
  }

  /**
   * What the congestion cost is the mean of: the most congested 5 % of the horizontal and the
   * vertical values in one list, at least one. [{cell, col, row, direction, value}], worst first.
   */
  hotCells() {
    if (!this.hot) {
      const all = [];
      for (const direction of ['horizontal', 'vertical']) {
        this.maps[direction].forEach((value, cell) => all.push({
          cell, col: cell % this.cols, row: Math.floor(cell / this.cols), direction, value }));
      }
      all.sort((a, b) => b.value - a.value || a.cell - b.cell);
      this.hot = all.slice(0, Math.max(1, Math.floor(0.05 * all.length)));
    }
    return this.hot;
  }

  /** The hard macro nearest to the middle of a cell. */
  nearestMacro(col, row) {
    const x = (col + 0.5) * this.cellWidth;
    const y = (row + 0.5) * this.cellHeight;
    const at = this.positions;
    let best = null;
    let least = Infinity;
    for (const id of this.netlist.hard) {
      const dx = Math.max(0, Math.abs(at.x[id] - x) - at.halfWidth[id]);
      const dy = Math.max(0, Math.abs(at.y[id] - y) - at.halfHeight[id]);
      const distance = Math.hypot(dx, dy);
      if (distance < least) [best, least] = [id, distance];
    }
    return best;
  }
}

/** Hard macros that two runs have by name: [{name, a, b, distance, turned}], farthest first. */
export function movedMacros(a, b) {
  const moved = [];
  for (const id of b.netlist.hard) {
    const other = a.netlist.idOfName.get(b.netlist.names[id]);
    if (other === undefined || a.netlist.kinds[other] !== 'm') continue;
    const distance = Math.hypot(b.positions.x[id] - a.positions.x[other],
                                b.positions.y[id] - a.positions.y[other]);
    const turned = a.positions.orientation[other] !== b.positions.orientation[id];
    moved.push({ name: b.netlist.names[id], a: other, b: id, distance, turned });
  }
  return moved.sort((p, q) => q.distance - p.distance || p.b - q.b);
}

export function sameGrid(a, b) {
  return a.cols === b.cols && a.rows === b.rows && a.width === b.width && a.height === b.height;
}

export function readPayload() {
  const payload = JSON.parse(document.getElementById('payload').textContent);
  const netlists = payload.netlists.map((netlist) => new Netlist(netlist));
  return {
    runs: payload.runs.map((run, index) => new Run(run, netlists, index)),
    trainings: payload.trainings,
  };
}
