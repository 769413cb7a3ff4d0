/** A row of the tables in docs/metrics.md. */
export interface DocumentedMetric {
  name: string;
  type: string;
  labels: string[];
}

const CODE = /`([^`]+)`/g;

function rows(page: string): string[][] {
  return (
    page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      // A bar inside of a cell is written \|.
      .map((line) =>
        line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim().replaceAll('\\|', '|')),
      )
  );
}

export function documentedMetrics(page: string): DocumentedMetric[] {
  return rows(page).map(([names = '', type = '', labels = '']) => ({
    name: [...names.matchAll(CODE)].map(([, name = '']) => name).join(),
    type,
    labels: [...labels.matchAll(CODE)].map(([, label = '']) => label).sort(),
  }));
}

/** The query of each row, in its last column. */
export function documentedQueries(page: string): string[] {
  return rows(page).flatMap((cells) =>
    [...(cells.at(-1) ?? '').matchAll(CODE)].map(([, query = '']) => query),
  );
}

/** The same from an exposition in the classic format; `le` belongs to the type. */
export function exposedMetrics(exposition: string): DocumentedMetric[] {
  const metrics = [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
    labels: new Set<string>(),
  }));
  for (const [, name = '', labels = ''] of exposition.matchAll(/^([a-zA-Z_:][\w:]*)\{(.*)\} \S+$/gm)) {
    const metric = metrics.find((known) => [known.name, `${known.name}_bucket`].includes(name));
    for (const [, label = ''] of labels.matchAll(/(?:^|,)(\w+)="/g)) {
      if (label !== 'le') metric?.labels.add(label);
    }
  }
  return metrics.map((metric) => ({ ...metric, labels: [...metric.labels].sort() }));
}
