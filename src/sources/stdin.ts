/** The source of standard input, which ends with it. */
import { UserError } from '../errors.ts'
import type { SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { readStream } from './stream/stream.ts'

export default {
  scheme: 'stdin',
  summary: 'standard input, until its end',
  open(spec) {
    refuseUnknownOptions(spec, [])
    if (spec.target !== '') {
      throw new UserError(`${spec.name}: stdin accepts no target`, {
        code: 'invalid-source',
        hint: 'use stdin, or file:PATH',
      })
    }
    return {
      ends: true,
      resumes: false,
      run: (context) => readStream('standard input', () => context.stdin, spec, context),
    }
  },
} satisfies SourceType
