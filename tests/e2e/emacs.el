;; Runs after docs/editors/emacs.el in `emacs --batch'; test_popup_editors.py reads what is printed.
(setq eglot-sync-connect 30 eglot-connect-timeout 60 create-lockfiles nil make-backup-files nil)
(find-file "script.py")
(apply #'eglot (eglot--guess-contact))
(goto-char (point-max))

(defun candidates ()
  "The candidates at point, as completion-at-point would show them."
  (let ((found (eglot-completion-at-point)))
    (and found (all-completions (buffer-substring-no-properties (nth 0 found) (point)) (nth 2 found)))))

;; While the model is loading there are none.
(let ((tries 0) names)
  (while (and (null (setq names (candidates))) (< tries 300))
    (setq tries (1+ tries))
    (accept-process-output nil 0.2))
  (princ (format "candidates %s\n" (mapconcat #'substring-no-properties names " "))))
(let ((server (eglot-current-server)))
  (eglot-shutdown server)
  (princ (format "left %s\n" (not (jsonrpc-running-p server)))))
