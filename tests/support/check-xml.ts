import { expect } from 'vitest';

/** Checks that a document is well formed: tags balanced, attributes quoted and unique, no stray `<`, `>` or `&`. Gives the tag names. */
export function checkXml(document: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  let rest = document.trim();
  while (rest !== '') {
    const text = /^[^<]+/.exec(rest)?.[0] ?? '';
    if (text !== '') {
      expect(text).not.toContain('>');
      expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
      if (open.length === 0) expect(text.trim()).toBe('');
      rest = rest.slice(text.length);
      continue;
    }
    const tag = /^<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>/i.exec(rest);
    expect(tag, `a tag at ${rest.slice(0, 60)}`).not.toBeNull();
    const [whole, closing, name, attributes, selfClosing] = tag!;
    if (closing !== '') expect(open.pop()).toBe(name);
    else {
      names.push(name);
      const keys = [...attributes.matchAll(/([\w:-]+)=/g)].map((match) => match[1]);
      expect(new Set(keys).size).toBe(keys.length);
      expect(attributes).not.toMatch(/NaN|Infinity|undefined/);
      if (selfClosing === '') open.push(name);
    }
    rest = rest.slice(whole.length);
    if (open.length === 0) expect(rest.trim()).toBe('');
  }
  expect(open).toEqual([]);
  return names;
}
