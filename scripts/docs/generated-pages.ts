/** The pages of docs/ that are written from the code. */
import { detectionFunctionsPage } from './detection-functions-page.ts'
import { errorCodesPage } from './error-codes-page.ts'
import { problemCodesPage } from './problem-codes-page.ts'
import { yamlKeysPage } from './yaml-keys-page.ts'

export interface GeneratedPage {
  /** Relative to the repository. */
  readonly path: string
  readonly text: () => string
}

export const GENERATED_PAGES: readonly GeneratedPage[] = [
  { path: 'docs/reference/detection-functions.md', text: detectionFunctionsPage },
  { path: 'docs/reference/error-codes.md', text: errorCodesPage },
  { path: 'docs/reference/problem-codes.md', text: problemCodesPage },
  { path: 'docs/reference/yaml-keys.md', text: yamlKeysPage },
]

/** The note at the end of each generated page. */
export const NOTICE = '<!-- This page is generated: change the code, then run `npm run docs`. -->'

export function generatedText({ text }: GeneratedPage): string {
  return `${text()}\n${NOTICE}\n`
}
