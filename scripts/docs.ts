/** Writes the generated pages of docs/: npm run docs */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GENERATED_PAGES, generatedText } from './docs/generated-pages.ts'

for (const page of GENERATED_PAGES) {
  const file = join(import.meta.dirname, '..', page.path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, generatedText(page))
  console.log(page.path)
}
