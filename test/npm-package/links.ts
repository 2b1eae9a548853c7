/** The relative links of a Markdown page, without their fragments and without those in code. */
export function linksOf(page: string): string[] {
  const text = page.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)#\s]+)/g), ...text.matchAll(/^\[[^\]]+\]: ([^#\s]+)/gm)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
}
