;; Verifill in Emacs with eglot, built in since Emacs 29: put this into your init.el.
(require 'eglot)
(add-to-list 'eglot-server-programs '(python-mode . ("verifill" "lsp")))
(add-hook 'python-mode-hook #'eglot-ensure)
