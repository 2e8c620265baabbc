// Learning curves.

import { el, fixed, plural } from './format.js';
import { lineChart } from './charts.js';
import { section } from './tables.js';

// Charts and the metrics in them; a chart without any of its metrics is left out.
const kCharts = [
  { title: 'Proxy of sampled episodes', yTitle: 'proxy',
    metrics: { mean_proxy: 'mean', min_proxy: 'least', best_proxy: 'best so far' } },
  { title: 'Score of the greedy episode', yTitle: 'score', metrics: { score: 'score' } },
  { title: 'Terms of the cost', yTitle: 'mean of the episodes',
    metrics: { mean_wirelength: 'wirelength', mean_density: 'density',
               mean_congestion: 'congestion' } },
  { title: 'Losses', yTitle: 'loss', metrics: { policy_loss: 'policy', value_loss: 'value' } },
  { title: 'Entropy', yTitle: 'nats', metrics: { entropy: 'entropy' } },
  { title: 'Size of the updates', yTitle: '',
    metrics: { kl: 'KL divergence', clip_fraction: 'clipped' } },
  { title: 'Explained variance', yTitle: 'share', metrics: { explained_variance: 'explained' } },
  { title: 'Speed', yTitle: 'states / s',
    metrics: { rollout_states_per_s: 'rollouts', update_states_per_s: 'updates' } },
];

function seriesOf(training, metric, name) {
  const { iteration } = training.columns;
  const values = training.columns[metric] ?? [];
  const points = values.map((y, i) => ({ x: iteration[i], y })).filter(({ y }) => y !== null);
  return { name, points };
}

function chartOf(trainings, chart) {
  const several = trainings.length > 1;
  const series = trainings.flatMap((training) => Object.entries(chart.metrics).map(
    ([metric, name]) => seriesOf(training, metric, several ? `${training.name}: ${name}` : name)))
    .filter(({ points }) => points.length > 0);
  if (series.length === 0) return null;
  return el('figure', {}, el('figcaption', {}, chart.title), lineChart({
    label: `${chart.title} by iteration`, xTitle: 'iteration', yTitle: chart.yTitle, series }));
}

function summary(training) {
  const { columns } = training;
  const last = (metric) => (columns[metric] ?? []).filter((value) => value !== null).at(-1);
  const phases = [...new Set(columns.phase ?? [])].join(', then ');
  return [training.name, plural(columns.iteration.length, 'iteration'), phases,
          `best proxy ${fixed(last('best_proxy'), 5)}`,
          `${fixed(last('elapsed_s') / 60, 1)} min`].filter(Boolean).join(' · ');
}

export function trainingSection(trainings) {
  if (trainings.length === 0) return null;
  return section('training', 'Training',
    trainings.map((training) => el('p', { class: 'note' }, summary(training))),
    el('div', { class: 'charts' }, kCharts.map((chart) => chartOf(trainings, chart))));
}
