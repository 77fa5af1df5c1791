"""Work spread over several workers, results in the order of the items."""

import threading


def spread(items, workers, ahead):
    """Yield (item, result) of all `items`, in their order.

    items   : an iterable; its next item is asked for by whichever worker has time.
    workers : functions, each called once in a thread of its own with an iterator of items; they
              yield a result for each, in the order in which they got them.
    ahead   : items that may be in work or wait for those before them; a worker may have a few more,
              where it yields an item's result only after it has got further items.

    What a worker or `items` raises is raised here, when the results before it have been yielded.
    When the caller goes, workers get no more items, and what they have begun is waited for.
    """
    state = _Shared(items, len(workers), ahead)
    threads = [
        threading.Thread(target=state.work, args=(worker,), daemon=True) for worker in workers
    ]
    try:
        for thread in threads:
            thread.start()
        while (found := state.wait_for_next()) is not None:
            yield found
    finally:
        state.stop()
        for thread in threads:
            thread.join()


class _Shared:
    """What workers and the caller share, all of it behind one lock."""

    def __init__(self, items, workers, ahead):
        self._items, self._ahead, self._at_work = iter(items), ahead, workers
        self._changed = threading.Condition()
        self._pulled = self._yielded = 0
        self._ended = False  # there are no more items to be had
        self._results, self._error = {}, None

    def work(self, worker):
        given = []
        try:
            for result in worker(self._pull(given)):
                with self._changed:
                    number, item = given.pop(0)
                    self._results[number] = item, result
                    self._changed.notify_all()
        except BaseException as error:
            self._fail(error)
        finally:
            with self._changed:
                self._at_work -= 1
                self._changed.notify_all()

    def _pull(self, given):
        """The items of one worker."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._may_pull(given))
                if self._ended:
                    return
                try:
                    item = next(self._items)
                except StopIteration:
                    self._ended = True
                    self._changed.notify_all()
                    return
                given.append((self._pulled, item))
                self._pulled += 1
            yield item

    def _may_pull(self, given):
        """Whoever has the item that all others wait for may need more to bring it to its end."""
        waited_for = given and given[0][0] == self._yielded
        return waited_for or self._pulled - self._yielded < self._ahead

    def _fail(self, error):
        with self._changed:
            self._error = self._error or error
            self._ended = True
            self._changed.notify_all()

    def wait_for_next(self):
        """(item, result), or None when that was all."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._yielded in self._results or not self._at_work
            )
            if self._yielded not in self._results:
                if self._error:
                    raise self._error
                return None
            found = self._results.pop(self._yielded)
            self._yielded += 1
            self._changed.notify_all()
            return found

    def stop(self):
        with self._changed:
            self._ended = True
            self._changed.notify_all()
