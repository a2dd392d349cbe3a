'use strict';
// Search, order and sound of the clusters' page. No less-than, greater-than or ampersand may stand here, so that HTML and XML read
// the same text; everything that comes from outside is set as text, never as markup.
(function () {
  const data = JSON.parse(document.getElementById('data').textContent);
  const most = 200;
  const field = document.getElementById('query');
  const found = document.getElementById('found');
  const cards = Array.from(document.querySelectorAll('article.cluster'));
  const haystack = data.clips.map(function (clip) {
    const video = data.videos[clip.v];
    return (video[2] + ' ' + video[1] + ' ' + video[0] + '/' + clip.n).toLowerCase();
  });

  function element(name, text, css) {
    const made = document.createElement(name);
    if (text) { made.textContent = text; }
    if (css) { made.className = css; }
    return made;
  }

  function link(set, cluster, text) {
    const made = element('a', text);
    made.href = '#' + data.sets[set].features + '-' + cluster;
    return made;
  }

  // 'audio:17' asks for a cluster's members; any other word must stand in label, path or id.
  function wanted(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return words.map(function (word) {
      const parts = word.split(':');
      const set = data.sets.findIndex(function (s) { return s.features === parts[0]; });
      const member = parts.length === 2 ? set !== -1 ? /^\d+$/.test(parts[1]) : false : false;
      return member ? { set: set, cluster: Number(parts[1]) } : { word: word };
    });
  }

  function matches(terms, clip, index) {
    return terms.every(function (term) {
      return term.word ? haystack[index].includes(term.word) : clip.c[term.set] === term.cluster;
    });
  }

  function search() {
    const terms = wanted(field.value);
    found.replaceChildren();
    if (terms.length === 0) {
      cards.forEach(function (card) { card.hidden = false; card.querySelector('.hits').textContent = ''; });
      document.body.classList.remove('searching');
      return;
    }

    document.body.classList.add('searching');
    const hits = [];
    data.clips.forEach(function (clip, index) { if (matches(terms, clip, index)) { hits.push(clip); } });
    const member = terms.find(function (term) { return term.set !== undefined; });
    if (member) { hits.sort(function (a, b) { return a.d[member.set] - b.d[member.set]; }); }
    const counts = data.sets.map(function () { return new Map(); });
    hits.forEach(function (clip) {
      counts.forEach(function (count, set) {
        const cluster = clip.c[set];
        if (cluster !== null) { count.set(cluster, (count.get(cluster) || 0) + 1); }
      });
    });
    cards.forEach(function (card) {
      const set = data.sets.findIndex(function (s) { return s.features === card.dataset.features; });
      const count = counts[set].get(Number(card.dataset.cluster)) || 0;
      card.hidden = count === 0;
      card.querySelector('.hits').textContent = count === 0 ? '' : count + (count === 1 ? ' clip found' : ' clips found');
    });
    show(hits, counts);
  }

  function show(hits, counts) {
    const limit = data.clips.length === data.total ? '' : ' Searched: the ' + data.clips.length + ' clips nearest to their centroids, of ' + data.total + '; the export has all.';
    found.append(element('p', (hits.length === 0 ? 'Nothing found.' : hits.length === 1 ? '1 clip found.' : hits.length + ' clips found.') + limit));
    if (hits.length === 0) { return; }
    counts.forEach(function (count, set) {
      const line = element('p', '', 'where');
      line.append(element('span', data.sets[set].features + ' clusters: '));
      const sorted = Array.from(count).sort(function (a, b) { return b[1] - a[1]; });
      sorted.slice(0, 24).forEach(function (pair) {
        const chip = link(set, pair[0], pair[0] + ' (' + pair[1] + ')');
        chip.className = 'chip ' + data.sets[set].features;
        line.append(chip, ' ');
      });
      const rest = sorted.slice(24).length;
      if (rest !== 0) { line.append('and ' + rest + ' more'); }
      found.append(line);
    });
    const scroll = element('div', '', 'scroll');
    const table = element('table', '', 'words');
    const head = element('tr');
    ['path', 'label', 'video id / clip', 'seconds', 'part'].concat(data.sets.map(function (s) { return s.features + ' cluster, distance'; }))
      .forEach(function (name) { head.append(element('th', name)); });
    const top = element('thead');
    top.append(head);
    const body = element('tbody');
    hits.slice(0, most).forEach(function (clip) {
      const video = data.videos[clip.v];
      const row = element('tr');
      [video[1] || '\u2013', video[2] || '\u2013'].forEach(function (text) { const cell = element('td'); cell.append(element('bdi', text)); row.append(cell); });
      const id = element('td');
      id.append(element('code', video[0] + '/' + clip.n));
      row.append(id, element('td', String(clip.s)), element('td', clip.t ? 'training' : 'validation'));
      data.sets.forEach(function (s, set) {
        const cell = element('td');
        if (clip.c[set] !== null) { cell.append(link(set, clip.c[set], String(clip.c[set])), ', ' + clip.d[set]); }
        row.append(cell);
      });
      body.append(row);
    });
    table.append(top, body);
    scroll.append(table);
    found.append(scroll);
    if (hits.length !== Math.min(hits.length, most)) { found.append(element('p', 'The first ' + most + ' are listed.')); }
  }

  function order(by) {
    document.querySelectorAll('.column').forEach(function (column) {
      const mine = cards.filter(function (card) { return card.parentNode === column; });
      mine.sort(function (a, b) { return Number(a.dataset[by]) - Number(b.dataset[by]); });
      column.append.apply(column, mine);
    });
  }

  // One sound at a time; its frames pass while it plays.
  let line = [];
  let expected = null;
  function next() {
    expected = line.shift() || null;
    if (expected) { expected.play(); }
  }

  document.addEventListener('play', function (event) {
    if (event.target !== expected) { line = []; }
    document.querySelectorAll('audio').forEach(function (other) { if (other !== event.target) { other.pause(); } });
    event.target.closest('.clip').classList.add('playing');
  }, true);
  document.addEventListener('pause', function (event) { event.target.closest('.clip').classList.remove('playing'); }, true);
  document.addEventListener('ended', next, true);
  document.addEventListener('click', function (event) {
    const target = event.target;
    if (target.matches('.listen')) {
      line = Array.from(target.closest('.cluster').querySelectorAll('audio'));
      next();
    } else if (target.matches('.members')) {
      field.value = target.dataset.query;
      search();
      document.getElementById('clusters').scrollIntoView();
    } else if (target.closest('.window')) {
      const audio = target.closest('.clip').querySelector('audio');
      if (audio) { if (audio.paused) { audio.play(); } else { audio.pause(); } }
    }
  });

  field.addEventListener('input', search);
  document.getElementById('order').addEventListener('change', function (event) { order(event.target.value); });
  document.getElementById('tools').hidden = false;
  if (location.hash.startsWith('#q=')) {
    field.value = decodeURIComponent(location.hash.slice(3));
    search();
  }
}());
