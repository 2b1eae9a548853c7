/**
 * The steps of a page whose code blocks are run. A comment before a block says what it is: `file: PATH` is written,
 * `replace: PATH` replaces the functions of a Python file that it defines, `background: NAME` goes on running, and
 * `output: NAME` is what such a process prints. A `console` block without a comment is run to its end; `exit: N` names
 * its exit code. A command goes on after a `\\` at the end of its line. Lines after a `$` are parts of the output; `…` stands for any text.
 */

export type PageStep =
  | { readonly kind: 'file' | 'replace'; readonly path: string; readonly text: string }
  | { readonly kind: 'output'; readonly name: string; readonly lines: readonly string[] }
  | {
      readonly kind: 'command'
      readonly words: readonly string[]
      readonly lines: readonly string[]
      readonly exitCode: number
      /** It goes on running under this name; null: it ends. */
      readonly name: string | null
    }

const BLOCK = /(?:<!-- (file|replace|background|output|exit): (.+?) -->\n)?```(\w*)\n([\s\S]*?)```/g

export function stepsOf(page: string): PageStep[] {
  return [...page.matchAll(BLOCK)].flatMap(([, mark, argument = '', language, text = '']): PageStep[] => {
    if (mark === 'file' || mark === 'replace') return [{ kind: mark, path: argument, text }]
    if (mark === 'output') return [{ kind: 'output', name: argument, lines: linesOf(text) }]
    if (language !== 'console') return []
    const exitCode = mark === 'exit' ? Number(argument) : 0
    const name = mark === 'background' ? argument : null
    return text
      .replace(/\\\n\s*/g, '')
      .split(/^\$ /m)
      .slice(1)
      .map((command) => {
        const [line = '', ...lines] = linesOf(command)
        return { kind: 'command', words: wordsOf(line), lines, exitCode, name }
      })
  })
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** Splits a line into words as a shell does: at blanks, except within single quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))
}

/** A slow case is printed with its time. */
const DURATION = / {2}[\d.]+ m?s$/

/** Returns the expected lines that no line of the output matches. */
export function missingLines(expected: readonly string[], output: string): string[] {
  const lines = output.split('\n').map((line) => line.trimEnd().replace(DURATION, ''))
  return expected.filter((each) => {
    const parts = each
      .trimEnd()
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    const pattern = new RegExp(`^${parts.join('.*')}$`)
    return !lines.some((line) => pattern.test(line))
  })
}

/** The Python file with the functions of `text` in place of those of the same name. */
export function withFunctions(source: string, text: string): string {
  const [, name = ''] = /^def (\w+)\(/.exec(text) ?? []
  const before = new RegExp(`^def ${name}\\([\\s\\S]*?(?=\\n\\n\\ndef |$(?![\\s\\S]))`, 'm')
  if (name === '' || !before.test(source)) throw new Error(`the file has no function "${name}"`)
  return source.replace(before, text.trimEnd())
}
