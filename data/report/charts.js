// Charts, drawn by Chart.js.

import { currentPalette } from './palette.js';
import { kFont } from './floorplan_drawing.js';
import { el, significant } from './format.js';

const charts = [];

function axis(title, palette, more = {}) {
  return {
    title: { display: true, text: title, color: palette.muted },
    ticks: { color: palette.muted, maxRotation: 0, autoSkipPadding: 16 },
    grid: { color: palette.line, borderColor: palette.line, tickLength: 4 },
    ...more,
  };
}

function optionsFor(spec, palette) {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: 'index', intersect: false, axis: 'x' },
    scales: {
      x: axis(spec.xTitle, palette, spec.categories ? {} : { type: 'linear' }),
      y: axis(spec.yTitle, palette, { type: spec.logarithmic ? 'logarithmic' : 'linear' }),
    },
    plugins: {
      legend: { display: spec.series.length > 1, align: 'start',
        labels: { color: palette.ink, boxWidth: 14, boxHeight: 2, padding: 14 } },
      tooltip: { callbacks: {
        title: (items) => spec.categories ? items[0].label : `${spec.xTitle} ${items[0].label}`,
        label: (item) => `${item.dataset.label}: ${significant(item.parsed.y, 6)}` } },
    },
  };
}

function datasetFor(series, index, palette) {
  const colour = palette.series[index % palette.series.length];
  return {
    label: series.name, data: series.points, borderColor: colour, backgroundColor: colour,
    borderWidth: 1.75, borderDash: [[], [6, 3], [2, 3], [8, 3, 2, 3]][index % 4],
    pointRadius: series.points.length > 40 ? 0 : 2.5, pointHitRadius: 8, tension: 0, spanGaps: true,
  };
}

/**
 * A line chart. `spec`: label (for who does not see it), xTitle, yTitle, series [{name, points}],
 * and categories (texts) for an x axis without numbers. Points are {x, y} or, with categories, y.
 */
export function lineChart(spec) {
  const canvas = el('canvas', { role: 'img', 'aria-label': spec.label });
  const box = el('div', { class: 'chart' }, canvas);
  const record = { spec, canvas, chart: null };
  charts.push(record);
  // Chart.js measures what it draws on, so that must be in the page first.
  queueMicrotask(() => build(record));
  return box;
}

function build(record) {
  const palette = currentPalette();
  record.chart?.destroy();
  Chart.defaults.font.family = kFont;
  Chart.defaults.font.size = 12;
  record.chart = new Chart(record.canvas, {
    type: 'line',
    data: { labels: record.spec.categories,
      datasets: record.spec.series.map((series, i) => datasetFor(series, i, palette)) },
    options: optionsFor(record.spec, palette),
  });
}

/** Draws all charts again, in the colours in force. */
export function redrawCharts() {
  charts.forEach(build);
}
