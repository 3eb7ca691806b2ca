-- What ended two years ago is forgotten: databases that had notices before were told that it stays.
grant delete on notices.notice to loopline_app;
