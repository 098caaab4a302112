history.replaceState(null, "", location.pathname + "?result=not_signed_in");
