// What `Cache-Status` (RFC 9211) says, in plain words.

export function explain(field, origin) {
  const status = parse(field);
  if (!status) {
    return { kind: 'origin', head: `Straight from ${origin}`, tail: 'there is no edge in between' };
  }
  const ttl = Number(status.ttl);
  if (status.hit && ttl > 0) {
    return { kind: 'fresh', head: 'From the edge’s memory', tail: `still fresh for ${duration(ttl)}` };
  }
  if (status.hit) {
    const past = ttl < 0 ? `${duration(-ttl)} past its time` : 'just past its time';
    return { kind: 'stale', head: 'From the edge’s memory, at once', tail: `${past}, and being renewed behind you` };
  }
  if (status.detail === 'stale-if-error') {
    return { kind: 'stale', head: `${origin} failed`, tail: 'the page that the edge has kept stands in for it' };
  }
  if (status.collapsed) {
    return { kind: 'shared', head: 'One rendering for several visitors', tail: 'you read along with another who asked first' };
  }
  if (status['fwd-status'] === '304') {
    return { kind: 'origin', head: `${origin} was asked`, tail: 'what the edge has kept is still good' };
  }
  if (status.stored) {
    const why = status.fwd === 'stale' ? 'the kept one was too old to be shown' : 'kept for whoever asks next';
    return { kind: 'origin', head: `From ${origin}, just now`, tail: why };
  }
  const why = status.detail ? `, and not kept (${status.detail})` : '';
  return { kind: 'origin', head: `From ${origin}, just now`, tail: `for you alone${why}` };
}

function parse(field) {
  const member = (field ?? '').split(/,\s*/).findLast((one) => one.startsWith('selvedge'));
  if (!member) return undefined;
  const parameters = member.split(/;\s*/).slice(1).map((parameter) => {
    const [name, value = true] = parameter.split('=');
    return [name, value];
  });
  return Object.fromEntries(parameters);
}

// Numbers stay with their units.
export function duration(seconds) {
  if (seconds >= 2 * 86400) return `${Math.round(seconds / 86400)}\u00a0days`;
  if (seconds >= 2 * 3600) return `${Math.round(seconds / 3600)}\u00a0hours`;
  if (seconds >= 120) return `${Math.round(seconds / 60)}\u00a0minutes`;
  return `${Math.floor(seconds)}\u00a0s`;
}

export function elapsed(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)}\u00a0s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}\u00a0ms`;
}
