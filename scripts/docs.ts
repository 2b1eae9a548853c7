/** Writes the generated pages of docs/: npm run docs */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GENERATED_PAGES, generatedText } from './docs/generated-pages.ts'
import { openapiDocument } from './docs/openapi-document.ts'

for (const page of GENERATED_PAGES) {
  const file = join(import.meta.dirname, '..', page.path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, generatedText(page))
  console.log(page.path)
}

const document = 'docs/openapi.json'
writeFileSync(join(import.meta.dirname, '..', document), await openapiDocument())
console.log(document)
