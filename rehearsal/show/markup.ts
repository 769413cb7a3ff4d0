/** Text that is HTML or SVG already; made by `markup` only, so whatever a user wrote has been escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | false | Part[];

/** Template tag: what is put in is escaped unless it is markup itself; lists are joined, `undefined` and `false` are nothing. */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((text, string, i) => `${text}${written(parts[i - 1])}${string}`));
}

function written(part: Part): string {
  if (Array.isArray(part)) return part.map(written).join('');
  if (part === undefined || part === false) return '';
  // Coordinates need no more than this, and a page of thousands of them is half as large.
  if (typeof part === 'number') return String(Number(part.toFixed(2)));
  return part instanceof Markup ? part.text : escape(part);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  // Control characters are not allowed in XML, not even escaped.
  return text.replaceAll(/[^\P{Cc}\t\n\r]/gu, '�').replaceAll(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}
