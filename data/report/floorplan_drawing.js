// Draws a placement on a 2-D canvas. Microns point up, pixels down.

import { rampTable } from './palette.js';

export const kFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

const kNotchShare = 0.2;  // of the shorter side of a macro
const kMostNotch = 12;    // pixels
const kCharWidth = 6.1;   // pixels of a name, about
const kLeastName = 8;     // characters below which a name that was cut tells nothing
const kPortTick = 6;      // pixels

/** Microns to pixels: `scale` pixels a micron, the canvas' lower left corner at (x, y). */
export class Camera {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  toX(x) { return this.x + x * this.scale; }
  toY(y) { return this.y - y * this.scale; }
  fromX(x) { return (x - this.x) / this.scale; }
  fromY(y) { return (this.y - y) / this.scale; }

  fit(width, height, run, margin) {
    this.scale = Math.max(1e-6, Math.min((width - 2 * margin) / run.width,
                                         (height - 2 * margin) / run.height));
    this.x = 0.5 * (width - run.width * this.scale);
    this.y = 0.5 * (height + run.height * this.scale);
  }

  zoom(factor, x, y) {
    this.x = x + (this.x - x) * factor;
    this.y = y + (this.y - y) * factor;
    this.scale *= factor;
  }
}

/** A map of `cols` by `rows` as a picture of a pixel a cell. `range` is what the ends of the ramp stand for. */
export function mapPicture({ cols, rows }, values, range, ramp) {
  const picture = document.createElement('canvas');
  picture.width = cols;
  picture.height = rows;
  const context = picture.getContext('2d');
  const image = context.createImageData(cols, rows);
  const colours = rampTable(ramp);
  const [low, high] = range;
  for (let cell = 0; cell < values.length; ++cell) {
    const share = high > low ? (values[cell] - low) / (high - low) : 0;
    const step = 3 * Math.round(255 * Math.min(1, Math.max(0, share)));
    const row = rows - 1 - Math.floor(cell / cols);
    const at = 4 * (row * cols + (cell % cols));
    image.data.set([colours[step], colours[step + 1], colours[step + 2], 255], at);
  }
  context.putImageData(image, 0, 0);
  return picture;
}

/** Everything that a picture shows: see FloorplanView for the fields of `scene`. */
export class FloorplanDrawing {
  constructor(context, camera, palette, scene) {
    this.context = context;
    this.camera = camera;
    this.palette = palette;
    this.scene = scene;
    this.run = scene.run;
    this.netlist = scene.run.netlist;
    this.at = scene.positions;
  }

  isDrawn(id) { return this.at.isPlaced(id) && !this.scene.hidden?.has(id); }

  draw(width, height) {
    const { context, palette, scene } = this;
    context.fillStyle = palette.page;
    context.fillRect(0, 0, width, height);
    this.drawCanvas();
    if (scene.picture) this.drawMap();
    if (scene.layers.grid) this.drawGrid();
    this.drawBlockages();
    if (scene.layers.clusters && !scene.picture) this.drawClusters();
    this.drawMacros();
    if (scene.layers.halos) this.drawHalos();
    if (scene.layers.hot) this.drawHotCells();
    if (scene.layers.ports) this.drawPorts();
    if (scene.moved) this.drawMoves();
    if (scene.selected !== null) this.drawNets(scene.selected);
    this.drawOutline(scene.hovered, 1.5);
    this.drawOutline(scene.selected, 2.5);
    if (scene.layers.names) this.drawNames(width, height);
    this.drawBorder();
  }

  box(id) {
    const { camera, at } = this;
    return [camera.toX(at.x[id] - at.halfWidth[id]), camera.toY(at.y[id] + at.halfHeight[id]),
            2 * at.halfWidth[id] * camera.scale, 2 * at.halfHeight[id] * camera.scale];
  }

  canvasBox() {
    const { camera, run } = this;
    return [camera.toX(0), camera.toY(run.height), run.width * camera.scale,
            run.height * camera.scale];
  }

  drawCanvas() {
    this.context.fillStyle = this.palette.canvas;
    this.context.fillRect(...this.canvasBox());
  }

  drawBorder() {
    this.context.strokeStyle = this.palette.border;
    this.context.lineWidth = 1.25;
    this.context.strokeRect(...this.canvasBox());
  }

  drawMap() {
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(this.scene.picture, ...this.canvasBox());
  }

  drawGrid() {
    const { context, camera, run } = this;
    context.beginPath();
    for (let col = 1; col < run.cols; ++col) {
      const x = Math.round(camera.toX(col * run.cellWidth)) + 0.5;
      context.moveTo(x, camera.toY(0));
      context.lineTo(x, camera.toY(run.height));
    }
    for (let row = 1; row < run.rows; ++row) {
      const y = Math.round(camera.toY(row * run.cellHeight)) + 0.5;
      context.moveTo(camera.toX(0), y);
      context.lineTo(camera.toX(run.width), y);
    }
    context.strokeStyle = this.palette.grid;
    context.globalAlpha = this.scene.picture ? 0.35 : 1;
    context.lineWidth = 1;
    context.stroke();
    context.globalAlpha = 1;
  }

  drawBlockages() {
    const { context, camera, palette } = this;
    for (const { box } of this.run.blockages) {
      const rect = [camera.toX(box[0]), camera.toY(box[3]), (box[2] - box[0]) * camera.scale,
                    (box[3] - box[1]) * camera.scale];
      context.fillStyle = palette.blockage;
      context.fillRect(...rect);
      context.setLineDash([4, 3]);
      context.strokeStyle = palette.blockageLine;
      context.lineWidth = 1;
      context.strokeRect(...rect);
      context.setLineDash([]);
    }
  }

  /** The boxes of some nodes as one path. */
  trace(ids) {
    this.context.beginPath();
    for (const id of ids) {
      if (this.isDrawn(id)) this.context.rect(...this.box(id));
    }
  }

  drawClusters() {
    const { context, palette } = this;
    // One by one, so that clusters on top of each other show darker.
    context.fillStyle = palette.soft;
    for (const id of this.netlist.soft) {
      if (this.at.isPlaced(id)) context.fillRect(...this.box(id));
    }
    this.trace(this.netlist.soft);
    context.strokeStyle = palette.softLine;
    context.lineWidth = 0.5;
    context.stroke();
  }

  drawMacros() {
    const { context, palette, scene } = this;
    this.trace(this.netlist.hard);
    context.fillStyle = palette.hard;
    context.globalAlpha = scene.picture ? 0.14 : 0.92;
    context.fill();
    if (scene.picture) {  // outlines must show on any colour of a map
      context.globalAlpha = 0.6;
      context.strokeStyle = palette.canvas;
      context.lineWidth = 3;
      context.stroke();
    }
    context.globalAlpha = 1;
    context.strokeStyle = palette.hardLine;
    context.lineWidth = 1;
    context.stroke();
    this.drawFixedMarks();
    this.drawNotches();
  }

  /** Fixed macros are hatched. */
  drawFixedMarks() {
    const { context, palette } = this;
    const ids = this.netlist.hard.filter((id) => this.run.isFixed(id));
    if (ids.length === 0) return;
    context.save();
    this.trace(ids);
    context.clip();
    context.beginPath();
    for (const id of ids) {
      const [x, y, width, height] = this.box(id);
      for (let offset = -height; offset < width; offset += 7) {
        context.moveTo(x + offset, y + height);
        context.lineTo(x + offset + height, y);
      }
    }
    context.strokeStyle = palette.hatch;
    context.lineWidth = 1;
    context.stroke();
    context.restore();
  }

  /** A triangle in the corner that is the lower left one in orientation N. */
  drawNotches() {
    const { context, at } = this;
    context.beginPath();
    for (const id of this.netlist.hard) {
      if (!this.isDrawn(id)) continue;
      const [left, top, width, height] = this.box(id);
      const turn = at.turn(id);
      const right = turn[0] + turn[1] < 0;
      const upper = turn[2] + turn[3] < 0;
      const x = right ? left + width : left;
      const y = upper ? top : top + height;
      const size = Math.min(kMostNotch, kNotchShare * Math.min(width, height));
      context.moveTo(x, y);
      context.lineTo(x + (right ? -size : size), y);
      context.lineTo(x, y + (upper ? size : -size));
      context.closePath();
    }
    context.fillStyle = this.palette.notch;
    context.fill();
  }

  drawHalos() {
    const { context, camera } = this;
    context.beginPath();
    for (const [x0, y0, x1, y1] of this.run.halos) {
      context.rect(camera.toX(x0), camera.toY(y1), (x1 - x0) * camera.scale,
                   (y1 - y0) * camera.scale);
    }
    context.setLineDash([3, 3]);
    context.strokeStyle = this.palette.halo;
    context.lineWidth = 1;
    context.stroke();
    context.setLineDash([]);
  }

  /** Horizontal demand is marked by lines at the top and the bottom of a cell, vertical at its sides. */
  drawHotCells() {
    const { context, camera, run } = this;
    context.beginPath();
    for (const { col, row, direction } of run.hotCells()) {
      const x0 = camera.toX(col * run.cellWidth) + 2;
      const x1 = camera.toX((col + 1) * run.cellWidth) - 2;
      const y0 = camera.toY(row * run.cellHeight) - 2;
      const y1 = camera.toY((row + 1) * run.cellHeight) + 2;
      if (direction === 'horizontal') {
        context.moveTo(x0, y0);
        context.lineTo(x1, y0);
        context.moveTo(x0, y1);
        context.lineTo(x1, y1);
      } else {
        context.moveTo(x0, y0);
        context.lineTo(x0, y1);
        context.moveTo(x1, y0);
        context.lineTo(x1, y1);
      }
    }
    context.strokeStyle = this.palette.hot;
    context.lineWidth = 2;
    context.stroke();
  }

  /** Ports on the edge are ticks that point outwards, others small squares. */
  drawPorts() {
    const { context, camera, run, at } = this;
    const near = 1e-3 * Math.max(run.width, run.height);
    context.beginPath();
    for (const id of this.netlist.ports) {
      if (!at.isPlaced(id)) continue;
      const x = camera.toX(at.x[id]);
      const y = camera.toY(at.y[id]);
      const dx = at.x[id] <= near ? -1 : at.x[id] >= run.width - near ? 1 : 0;
      const dy = at.y[id] <= near ? 1 : at.y[id] >= run.height - near ? -1 : 0;
      if (dx !== 0 || dy !== 0) {
        context.moveTo(x, y);
        context.lineTo(x + (dx !== 0 ? dx * kPortTick : 0), y + (dx !== 0 ? 0 : dy * kPortTick));
      } else {
        context.rect(x - 2, y - 2, 4, 4);
      }
    }
    context.strokeStyle = this.palette.port;
    context.lineWidth = 1.5;
    context.stroke();
  }

  /** From where macros stood in the other placement to where they are here. */
  drawMoves() {
    const { context, palette, scene } = this;
    const marked = scene.hovered ?? scene.selected;
    const one = scene.moved.macros.filter(({ b }) => b === marked);
    const rest = scene.moved.macros.filter(({ b }) => b !== marked);
    context.globalAlpha = one.length > 0 ? 0.15 : 0.6;
    this.drawArrows(rest, palette.ghost, 1);
    context.globalAlpha = 1;
    this.drawArrows(one, palette.selected, 2);
  }

  drawArrows(macros, colour, lineWidth) {
    const { context, camera, scene, at } = this;
    const { from } = scene.moved;
    const kHead = 6;  // pixels
    context.beginPath();
    for (const { a, b } of macros) {
      const [x0, y0] = [camera.toX(from.x[a]), camera.toY(from.y[a])];
      const [x1, y1] = [camera.toX(at.x[b]), camera.toY(at.y[b])];
      const pixels = Math.hypot(x1 - x0, y1 - y0);
      if (pixels < kHead) continue;
      const ux = (x1 - x0) / pixels * kHead;
      const uy = (y1 - y0) / pixels * kHead;
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.moveTo(x1 - ux - 0.5 * uy, y1 - uy + 0.5 * ux);
      context.lineTo(x1, y1);
      context.lineTo(x1 - ux + 0.5 * uy, y1 - uy - 0.5 * ux);
    }
    context.strokeStyle = colour;
    context.lineWidth = lineWidth;
    context.stroke();
  }

  /** Straight lines from the pins of a node to the other pins of their nets. */
  drawNets(id) {
    const { context, camera, netlist, at } = this;
    context.beginPath();
    let lines = 0;
    netlist.forNetsOf(id, (net, pin) => {
      const [x, y] = at.pin(pin);
      for (let i = netlist.netStart[net]; i < netlist.netStart[net + 1]; ++i) {
        const other = netlist.netPins[i];
        if (netlist.nodeOfPin[other] === id) continue;
        const [otherX, otherY] = at.pin(other);
        context.moveTo(camera.toX(x), camera.toY(y));
        context.lineTo(camera.toX(otherX), camera.toY(otherY));
        ++lines;
      }
    });
    context.strokeStyle = this.palette.net;
    context.globalAlpha = lines > 400 ? 0.4 : lines > 100 ? 0.7 : 1;
    context.lineWidth = lines > 100 ? 0.7 : 1;
    context.stroke();
    context.globalAlpha = 1;
  }

  drawOutline(id, lineWidth) {
    if (id === null || id >= this.netlist.size) return;
    const { context } = this;
    context.strokeStyle = this.palette.selected;
    context.lineWidth = lineWidth;
    const [x, y, width, height] = this.box(id);
    const grown = this.netlist.kinds[id] === 'p' ? 5 : 0;
    context.strokeRect(x - grown, y - grown, width + 2 * grown, height + 2 * grown);
  }

  /** Names of the hard macros on the picture that have room for them. */
  drawNames(width, height) {
    const { context, netlist } = this;
    context.font = `11px ${kFont}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = this.scene.picture ? this.palette.ink : this.palette.hardText;
    context.strokeStyle = this.palette.canvas;  // around names on a map
    context.lineWidth = 3;
    context.lineJoin = 'round';
    const write = (text, x, y) => {
      if (this.scene.picture) context.strokeText(text, x, y);
      context.fillText(text, x, y);
    };
    for (const id of netlist.hard) {
      const [x, y, boxWidth, boxHeight] = this.box(id);
      const outside = x > width || y > height || x + boxWidth < 0 || y + boxHeight < 0;
      const upright = boxHeight > 1.6 * boxWidth;
      const fits = Math.floor(((upright ? boxHeight : boxWidth) - 6) / kCharWidth);
      const name = netlist.labels[id];
      const tooSmall = fits < Math.min(name.length, kLeastName) ||
        Math.min(boxWidth, boxHeight) < 14;
      if (outside || !this.isDrawn(id) || tooSmall) continue;
      const text = shortened(name, fits);
      if (upright) {
        context.save();
        context.translate(x + boxWidth / 2, y + boxHeight / 2);
        context.rotate(-Math.PI / 2);
        write(text, 0, 0);
        context.restore();
      } else {
        write(text, x + boxWidth / 2, y + boxHeight / 2);
      }
    }
  }
}

/** A name cut to so many characters; its end tells more than its start. */
function shortened(name, fits) {
  if (name.length <= fits) return name;
  const tail = Math.ceil(0.65 * (fits - 1));
  return `${name.slice(0, fits - 1 - tail)}…${name.slice(name.length - tail)}`;
}
