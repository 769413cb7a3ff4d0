/** Names of variables and headers whose values are nobody's business: a result is shown to many. */
const SECRET = /auth|cookie|credential|key|passw|secret|token/i;
/** `NAME=value`, as a shell has it. */
const ASSIGNMENT = /\b([A-Za-z_]\w*)=(\S+)/g;
/** Name and password in a URL. */
const USER = /(?<=:\/\/)[^/@\s]+(?=@)/g;
const MASK = '***';

/** What is shown in the place of secrets. */
export const hidden = {
  /** Of any text. */
  inText,

  /** Of variables or headers, by name. */
  values: (all: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, shown(name, value)])),

  /** Of a command line: values of `--env` and `--header`. */
  inArguments: (args: string[]): string[] =>
    args.map((arg, i) => {
      const [, flag = '', name, value] = /^((?:--env=|--header=)?)([\w-]+)(?:=|:\s*)(.*)$/s.exec(arg) ?? [];
      const isValue = flag !== '' || args[i - 1] === '--env' || args[i - 1] === '--header';
      if (!isValue || name === undefined || value === undefined) return inText(arg);
      return arg.slice(0, arg.length - value.length) + shown(name, value);
    }),
};

function inText(text: string): string {
  const hide = (all: string, name: string) => (SECRET.test(name) ? `${name}=${MASK}` : all);
  return text.replaceAll(ASSIGNMENT, hide).replaceAll(USER, MASK);
}

function shown(name: string, value: string): string {
  return SECRET.test(name) ? MASK : value.replaceAll(USER, MASK);
}
