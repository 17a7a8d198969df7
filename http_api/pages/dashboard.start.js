start(document.getElementById("page"));
