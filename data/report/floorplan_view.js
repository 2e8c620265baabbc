// A placement that can be panned, zoomed and asked.

import { Camera, FloorplanDrawing } from './floorplan_drawing.js';
import { currentPalette } from './palette.js';
import { el } from './format.js';

const kMargin = 16;       // pixels around the canvas when all of it is seen
const kClickSlack = 4;    // pixels that a pointer may move during a click
const kPortReach = 7;     // pixels
const kPanStep = 60;      // pixels
const kZoomStep = 1.25;
const kMostZoom = 400;    // times what shows all of the canvas

/**
 * Fields of the scene: run, positions, layers {clusters, names, grid, ports, halos, hot}, picture
 * (of a map, or null), selected and hovered (node or null), moved ({macros, from} or null), hidden (a set of nodes
 * that are not drawn, or null).
 *
 * Views that share a camera move together; `onChange(view, kind)` hears of 'camera', 'hover' and
 * 'select'.
 */
export class FloorplanView {
  constructor(scene, camera, onChange) {
    this.scene = scene;
    this.camera = camera ?? new Camera();
    this.onChange = onChange;
    this.drawTimes = [];  // milliseconds of the last drawings
    this.pointers = new Map();
    this.element = el('canvas', { class: 'floorplan', tabindex: '0', role: 'application',
      'aria-label': 'Floorplan. Arrows pan, plus and minus zoom, 0 shows all, N and P go through ' +
        'the macros.' });
    this.context = this.element.getContext('2d', { alpha: false });
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  listen() {
    const { element } = this;
    element.addEventListener('pointerdown', (event) => this.press(event));
    element.addEventListener('pointermove', (event) => this.move(event));
    element.addEventListener('pointerup', (event) => this.release(event));
    element.addEventListener('pointercancel', (event) => this.pointers.delete(event.pointerId));
    element.addEventListener('pointerleave', () => this.hover(null));
    element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    element.addEventListener('dblclick', () => this.fit());
    element.addEventListener('keydown', (event) => this.key(event));
  }

  // -- size and drawing

  resize() {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0 || clientHeight === 0) return;
    const ratio = devicePixelRatio || 1;
    this.element.width = Math.round(clientWidth * ratio);
    this.element.height = Math.round(clientHeight * ratio);
    const first = this.width === undefined;
    const moved = !first && (this.width !== clientWidth || this.height !== clientHeight);
    this.width = clientWidth;
    this.height = clientHeight;
    if (first || (moved && this.fitted)) this.fit();
    this.drawNow();
  }

  fit() {
    if (this.width === undefined) return;
    this.camera.fit(this.width, this.height, this.scene.run, kMargin);
    this.fittedScale = this.camera.scale;
    this.changedCamera();
    this.fitted = true;
  }

  changedCamera() {
    this.fitted = false;
    this.redraw();
    this.onChange(this, 'camera');
  }

  /** Draws before the next frame, once, however often it is asked. */
  redraw() {
    if (this.request) return;
    this.request = requestAnimationFrame(() => {
      this.request = null;
      this.drawNow();
    });
  }

  drawNow() {
    if (this.width === undefined) return;
    const start = performance.now();
    const ratio = devicePixelRatio || 1;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    new FloorplanDrawing(this.context, this.camera, currentPalette(), this.scene)
      .draw(this.width, this.height);
    this.drawTimes.push(performance.now() - start);
    if (this.drawTimes.length > 600) this.drawTimes.shift();
  }

  // -- moving about

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const least = 0.3 * this.fittedScale;
    const most = kMostZoom * this.fittedScale;
    const scale = Math.min(most, Math.max(least, this.camera.scale * factor));
    this.camera.zoom(scale / this.camera.scale, x, y);
    this.changedCamera();
  }

  pan(dx, dy) {
    this.camera.x += dx;
    this.camera.y += dy;
    this.changedCamera();
  }

  /** Brings a node to the middle, and nearer if it is small. */
  goTo(id) {
    const { positions } = this.scene;
    const size = 2 * Math.max(positions.halfWidth[id], positions.halfHeight[id], 1e-6);
    const wanted = 0.15 * Math.min(this.width, this.height) / size;
    const scale = Math.min(kMostZoom * this.fittedScale,
                           Math.max(this.camera.scale, Math.min(wanted, 12 * this.fittedScale)));
    this.camera.scale = scale;
    this.camera.x = this.width / 2 - positions.x[id] * scale;
    this.camera.y = this.height / 2 + positions.y[id] * scale;
    this.changedCamera();
  }

  // -- pointers

  place(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.place(event));
    this.pressedAt = this.place(event);
    this.dragged = false;
  }

  move(event) {
    const [x, y] = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.hover(this.nodeAt(x, y));
      return;
    }
    const far = Math.hypot(x - this.pressedAt[0], y - this.pressedAt[1]) > kClickSlack;
    this.dragged = this.dragged || far;
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, [x, y]);
    if (others.length === 1) {
      this.pinch(before, [x, y], others[0][1]);
    } else if (this.dragged) {
      this.pan(x - before[0], y - before[1]);
    }
  }

  pinch(before, now, other) {
    const distance = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
    this.dragged = true;
    this.zoom(distance(now) / Math.max(1, distance(before)), other[0], other[1]);
  }

  release(event) {
    const click = this.pointers.delete(event.pointerId) && !this.dragged;
    if (click && event.button === 0) this.select(this.nodeAt(...this.place(event)));
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-0.0016 * lines * event.deltaY), ...this.place(event));
  }

  nodeAt(x, y) {
    const { camera, scene } = this;
    return scene.positions.at(camera.fromX(x), camera.fromY(y), kPortReach / camera.scale,
                              scene.layers);
  }

  hover(id) {
    if (this.scene.hovered === id) return;
    this.scene.hovered = id;
    this.element.style.cursor = id === null ? '' : 'pointer';
    this.redraw();
    this.onChange(this, 'hover');
  }

  select(id) {
    if (this.scene.selected === id) return;
    this.scene.selected = id;
    this.redraw();
    this.onChange(this, 'select');
  }

  // -- keys

  /** The hard macro after or before the one selected. */
  step(by) {
    const macros = this.scene.run.netlist.hard;
    if (macros.length === 0) return;
    const at = macros.indexOf(this.scene.selected);
    const next = at < 0 ? (by > 0 ? 0 : macros.length - 1)
                        : (at + by + macros.length) % macros.length;
    this.select(macros[next]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      ArrowLeft: () => this.pan(kPanStep, 0), ArrowRight: () => this.pan(-kPanStep, 0),
      ArrowUp: () => this.pan(0, kPanStep), ArrowDown: () => this.pan(0, -kPanStep),
      '+': () => this.zoom(kZoomStep), '=': () => this.zoom(kZoomStep),
      '-': () => this.zoom(1 / kZoomStep), 0: () => this.fit(),
      n: () => this.step(1), p: () => this.step(-1), Escape: () => this.select(null),
      Enter: () => this.scene.selected !== null && this.goTo(this.scene.selected),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
