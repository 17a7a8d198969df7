-- In a Neovim of bench/editors.py: writes, when it leaves, for each key whether there was ghost text before it
-- (`along`) and after how many milliseconds there was (`ms`, absent for never).
local namespace = vim.api.nvim_create_namespace("nvim.lsp.inline_completion")
local strokes = {}
local changed = false

local function shown()
  return #vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { limit = 1 }) > 0
end

vim.on_key(function(_, typed)
  if typed ~= "" and vim.api.nvim_get_mode().mode == "i" then
    changed = false
    table.insert(strokes, { begin = vim.uv.hrtime(), along = shown() })
  end
end)

vim.api.nvim_create_autocmd("TextChangedI", {
  callback = function()
    changed = true
  end,
})

-- Marks have no event; once a millisecond is exact enough.
vim.uv.new_timer():start(1, 1, vim.schedule_wrap(function()
  local last = strokes[#strokes]
  if last and changed and not last.ms and shown() then
    last.ms = (vim.uv.hrtime() - last.begin) / 1e6
  end
end))

vim.api.nvim_create_autocmd("VimLeavePre", {
  callback = function()
    local file = assert(io.open(vim.env.VERIFILL_STROKES, "w"))
    -- The last key is the Escape before leaving.
    table.remove(strokes)
    file:write(vim.json.encode(strokes))
    file:close()
  end,
})
