/** What types need of JSON that keeps every digit. */
export { exactly } from '../model/exact-json.ts'
