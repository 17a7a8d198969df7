-- Verifill in Neovim 0.12 or newer: put this into your init.lua.
vim.lsp.config.verifill = {
  cmd = { "verifill", "lsp" },
  filetypes = { "python" },
  root_markers = { "pyproject.toml", ".git" },
}
vim.lsp.enable("verifill")
vim.lsp.inline_completion.enable()
-- Tab takes the suggestion, where there is one.
vim.keymap.set("i", "<Tab>", function()
  return vim.lsp.inline_completion.get() and "" or "<Tab>"
end, { expr = true })
