// Reads the conditions of show_when in ui/admin.yaml: record["A"] == "B", isInserting == true, joined with && and ||.
//
//   or         = and { "||" and }
//   and        = unary { "&&" unary }
//   unary      = [ "!" ] ( "(" or ")" | comparison )
//   comparison = operand [ ( "==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">=" ) operand ]
//   operand    = record["Name"] | record.Name | isInserting | isEditing | isShowing
//              | text | number | true | false | null
//
// The text is never run as a program: what is not in this grammar is an error with its position.

/** What the page is doing with the record. */
export type Mode = "insert" | "edit" | "show";
export type Values = Record<string, unknown>;
export type Condition = (record: Values, mode: Mode) => boolean;
type Operand = (record: Values, mode: Mode) => unknown;

export class ConditionError extends Error {
  constructor(
    readonly position: number,
    what: string,
  ) {
    super(`show_when, column ${position + 1}: ${what}`);
  }
}

interface Token {
  kind: "text" | "number" | "name" | "sign" | "end";
  value: string;
  position: number;
}

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(===|!==|==|!=|<=|>=|&&|\|\||[<>!()[\].]))/y;

function tokens(source: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  while (source.slice(end).trim() !== "") {
    TOKEN.lastIndex = end;
    const match = TOKEN.exec(source);
    if (!match) {
      const position = end + (/\S/.exec(source.slice(end))?.index ?? 0);
      throw new ConditionError(position, `'${source.charAt(position)}' is not understood`);
    }
    end = TOKEN.lastIndex;
    const [, text, number, name, sign] = match;
    const value = text ?? number ?? name ?? sign ?? "";
    const kind = text !== undefined ? "text" : number !== undefined ? "number" : name !== undefined ? "name" : "sign";
    const position = end - value.length;
    found.push({ kind, position, value: kind === "text" ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value });
  }
  found.push({ kind: "end", value: "the end", position: source.length });
  return found;
}

const COMPARE: Record<string, (left: unknown, right: unknown) => boolean> = {
  "==": same,
  "===": same,
  "!=": (left, right) => !same(left, right),
  "!==": (left, right) => !same(left, right),
  "<": (left, right) => ordered(left, right, (order) => order < 0),
  "<=": (left, right) => ordered(left, right, (order) => order <= 0),
  ">": (left, right) => ordered(left, right, (order) => order > 0),
  ">=": (left, right) => ordered(left, right, (order) => order >= 0),
};

/** Equal as a reader of the file means it: 5 is "5", and what is absent is null. */
function same(left: unknown, right: unknown): boolean {
  const [a, b] = [left ?? null, right ?? null];
  if (a === null || b === null || typeof a === typeof b) return a === b;
  return String(a) === String(b);
}

function ordered(left: unknown, right: unknown, holds: (order: number) => boolean): boolean {
  if (left === null || left === undefined || right === null || right === undefined) return false;
  const [a, b] = [Number(left), Number(right)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return holds(a - b);
  return holds(String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0);
}

class Parser {
  private next = 0;
  constructor(private readonly all: Token[]) {}

  whole(): Condition {
    const made = this.or();
    if (this.token.kind !== "end") this.fail("the end, && or ||");
    return made;
  }

  private get token(): Token {
    return this.all[this.next] as Token;
  }

  private take(sign: string): boolean {
    if (this.token.kind !== "sign" || this.token.value !== sign) return false;
    this.next += 1;
    return true;
  }

  private need(sign: string): void {
    if (!this.take(sign)) this.fail(`'${sign}'`);
  }

  private fail(expected: string): never {
    throw new ConditionError(this.token.position, `expected ${expected}, not '${this.token.value}'`);
  }

  private or(): Condition {
    let left = this.and();
    while (this.take("||")) {
      const [a, b] = [left, this.and()];
      left = (record, mode) => a(record, mode) || b(record, mode);
    }
    return left;
  }

  private and(): Condition {
    let left = this.unary();
    while (this.take("&&")) {
      const [a, b] = [left, this.unary()];
      left = (record, mode) => a(record, mode) && b(record, mode);
    }
    return left;
  }

  private unary(): Condition {
    if (this.take("!")) {
      const inner = this.unary();
      return (record, mode) => !inner(record, mode);
    }
    if (this.take("(")) {
      const inner = this.or();
      this.need(")");
      return inner;
    }
    return this.comparison();
  }

  private comparison(): Condition {
    const left = this.operand();
    const compare = this.token.kind === "sign" ? COMPARE[this.token.value] : undefined;
    if (!compare) return (record, mode) => Boolean(left(record, mode));
    this.next += 1;
    const right = this.operand();
    return (record, mode) => compare(left(record, mode), right(record, mode));
  }

  private operand(): Operand {
    const { kind, value } = this.token;
    if (kind !== "text" && kind !== "number" && kind !== "name") this.fail("a value");
    this.next += 1;
    if (kind === "text") return () => value;
    if (kind === "number") return () => Number(value);
    switch (value) {
      case "true":
        return () => true;
      case "false":
        return () => false;
      case "null":
      case "undefined":
        return () => null;
      case "isInserting":
        return (_record, mode) => mode === "insert";
      case "isEditing":
        return (_record, mode) => mode === "edit";
      case "isShowing":
        return (_record, mode) => mode === "show";
      case "record": {
        const name = this.member();
        return (record) => (Object.hasOwn(record, name) ? record[name] : null);
      }
      default:
        this.next -= 1;
        return this.fail("record[...], isInserting, isEditing, isShowing, a text, a number, true, false or null");
    }
  }

  private member(): string {
    const dotted = this.take(".");
    if (!dotted) this.need("[");
    const { kind, value } = this.token;
    if (kind !== (dotted ? "name" : "text")) this.fail("the name of an attribute");
    this.next += 1;
    if (!dotted) this.need("]");
    return value;
  }
}

/**
 * Make a condition of its text.
 *
 * @throws ConditionError where the text is not in the grammar above.
 */
export function parseCondition(source: string): Condition {
  return new Parser(tokens(source)).whole();
}
