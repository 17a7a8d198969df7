-- Attaches, asks, accepts and leaves; every line that is printed is compared by test_neovim.py.
local function say(...)
  io.stdout:write(table.concat(vim.tbl_map(tostring, { ... }), " "), "\n")
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    say("waited in vain for", what)
    vim.cmd("cquit")
  end
end

vim.cmd.edit("script.py")
vim.bo.filetype = "python"
local client
wait("the server", function()
  client = vim.lsp.get_clients({ bufnr = 0, name = "verifill" })[1]
  return client ~= nil and client.initialized
end)
say("offers", client:supports_method("textDocument/inlineCompletion"))

-- The end of the last line, behind what is typed there.
local last = vim.api.nvim_buf_line_count(0)
local line = vim.api.nvim_buf_get_lines(0, last - 1, last, true)[1]
local params = {
  textDocument = vim.lsp.util.make_text_document_params(0),
  position = { line = last - 1, character = #line },
  context = { triggerKind = 1 },
}
local item
wait("a suggestion", function()
  local reply = client:request_sync("textDocument/inlineCompletion", params, 10000, 0)
  item = reply and reply.result and reply.result.items[1]
  return item ~= nil
end)
say("suggests", item.insertText)
say("instead of", item.range.start.character, item.range["end"].character)
local edit = { range = item.range, newText = item.insertText }
vim.lsp.util.apply_text_edits({ edit }, vim.api.nvim_get_current_buf(), client.offset_encoding)
say("line", vim.api.nvim_buf_get_lines(0, last - 1, last, true)[1])

client:stop()
wait("the server's end", function()
  return client:is_stopped()
end)
say("left")
vim.cmd("qa!")
