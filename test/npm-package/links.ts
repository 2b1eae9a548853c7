/** The relative links of a page in Markdown, without their fragments; those within code are none. */
export function linksOf(page: string): string[] {
  const text = page.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)#\s]+)/g), ...text.matchAll(/^\[[^\]]+\]: ([^#\s]+)/gm)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
}
