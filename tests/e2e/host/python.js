// The part of the Python extension's interface that Verifill uses; `standIn.choose` chooses an interpreter.
const vscode = require("vscode");

exports.activate = (context) => {
  const changed = new vscode.EventEmitter();
  let chosen = "";
  context.subscriptions.push(
    vscode.commands.registerCommand("standIn.choose", (path) => {
      chosen = path;
      changed.fire({ path });
    }),
  );
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ path: chosen }),
      resolveEnvironment: async ({ path }) => (path ? { executable: { uri: vscode.Uri.file(path) } } : undefined),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};
