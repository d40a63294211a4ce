'use strict';
// Draws the charts of the page from the numbers in #chart-data; see ChartData.java for their meaning.
(() => {
  const data = JSON.parse(document.getElementById('chart-data').textContent);
  const drawn = new Map();
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

  const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const percent = v => (100 * v).toFixed(1) + ' %';
  const short = v => String(Number(v.toPrecision(4))).replace('-', '\u2212');

  function axis(title, more) {
    return {
      type: 'linear',
      title: { display: true, text: title, color: colour('muted'), font: { size: 12 } },
      ticks: { color: colour('muted'), font: { size: 11 }, maxRotation: 0, maxTicksLimit: 6, ...more.ticks },
      grid: { color: colour('grid'), tickLength: 4 },
      border: { color: colour('line') },
      ...more.scale,
    };
  }

  function options(scales, tooltip) {
    return {
      animation: false,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      interaction: { mode: 'nearest', axis: 'xy', intersect: false },
      elements: { point: { radius: 0, hoverRadius: 3, hitRadius: 6 } },
      scales,
      plugins: {
        legend: {
          position: 'bottom',
          labels: {
            color: colour('ink'), font: { size: 12 }, boxWidth: 22, boxHeight: 0, padding: 12,
          },
        },
        tooltip: { callbacks: tooltip, displayColors: false, padding: 9, cornerRadius: 6 },
      },
    };
  }

  // A line that belongs to no score: drawn below the others, and never under the pointer.
  const guide = (label, points, dash) => ({
    label, data: points, borderColor: colour('muted'), borderWidth: 1, borderDash: dash, pointHitRadius: 0,
    pointHoverRadius: 0, order: 9,
  });

  function roc(set) {
    const datasets = data.sets[set].roc.map((curve, score) => ({
      label: data.scores[score] + '  ' + curve.auroc.toFixed(4),
      data: curve.x.map((x, i) => ({ x, y: curve.y[i] })),
      borderColor: colour('c' + score % 8),
      borderWidth: score === data.primary ? 2.5 : 1.5,
      borderDash: score === data.primary ? [] : DASHES[score % DASHES.length],
      order: score === data.primary ? 0 : 1 + score,
    }));
    datasets.push(guide('chance', [{ x: 0, y: 0 }, { x: 1, y: 1 }], [2, 4]));
    const share = { scale: { min: 0, max: 1 }, ticks: { stepSize: 0.25, callback: v => 100 * v + ' %' } };
    return {
      type: 'line',
      data: { datasets },
      options: options(
        { x: axis(data.id + ' images flagged', share), y: axis(data.sets[set].name + ' images caught', share) },
        {
          title: items => items[0].dataset.label,
          label: item => percent(item.raw.y) + ' caught, ' + percent(item.raw.x) + ' of ID flagged',
        },
      ),
    };
  }

  // The outline of the bars: up, along and down, so that neighbouring bars have no gap and no double edge.
  function outline(bars, shares) {
    const width = (bars.high - bars.low) / shares.length;
    const points = [{ x: bars.low, y: 0 }];
    shares.forEach((y, i) => {
      points.push({ x: bars.low + i * width, y }, { x: bars.low + (i + 1) * width, y });
    });
    points.push({ x: bars.high, y: 0 });
    return points;
  }

  function histogram(set, score) {
    const bars = data.sets[set].histogram[score];
    const top = 1.06 * Math.max(...bars.id, ...bars.ood);
    const series = (label, shares, name) => ({
      label, data: outline(bars, shares), borderColor: colour(name), backgroundColor: colour(name) + '4d',
      borderWidth: 1.5, fill: true,
    });
    const datasets = [series(data.id, bars.id, 'id'), series(data.sets[set].name, bars.ood, 'ood')];
    if (bars.threshold >= bars.low && bars.threshold <= bars.high) {
      datasets.push(guide('threshold', [{ x: bars.threshold, y: 0 }, { x: bars.threshold, y: top }], [5, 4]));
    }
    const config = {
      type: 'line',
      data: { datasets },
      options: options(
        {
          x: axis(data.scores[score] + ' score', { scale: { min: bars.low, max: bars.high }, ticks: { callback: short, includeBounds: false } }),
          y: axis('share of images', { scale: { min: 0, max: top }, ticks: { callback: v => short(100 * v) + ' %', includeBounds: false } }),
        },
        {
          title: items => items[0].dataset.label,
          label: item => percent(item.raw.y) + ' of the images near ' + short(item.raw.x),
        },
      ),
    };
    config.options.plugins.legend.labels.boxHeight = 8;
    config.options.plugins.legend.labels.boxWidth = 12;
    return config;
  }

  function draw(canvas) {
    drawn.get(canvas)?.destroy();
    const { roc: rocSet, histogram: histogramSet, score } = canvas.dataset;
    const config = rocSet !== undefined ? roc(Number(rocSet)) : histogram(Number(histogramSet), Number(score));
    drawn.set(canvas, new Chart(canvas, config));
    canvas.dataset.drawn = 'true';
  }

  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  const closed = canvas => canvas.closest('details:not([open])') !== null;
  document.querySelectorAll('canvas').forEach(canvas => {
    if (!closed(canvas)) draw(canvas);
  });
  // A closed box has no size to draw into: its charts wait until it is opened.
  document.querySelectorAll('details').forEach(box => box.addEventListener('toggle', () => {
    if (box.open) box.querySelectorAll('canvas').forEach(canvas => drawn.has(canvas) || draw(canvas));
  }));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => [...drawn.keys()].forEach(draw));
})();
