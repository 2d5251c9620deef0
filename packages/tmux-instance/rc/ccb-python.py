# Marks around each prompt of python, after OSC 133, with a nonce that proves them. The person's own start-up file comes first.
import os as _os
import sys as _sys

_nonce = _os.environ.pop('CCB_NONCE', '')
_own = _os.environ.pop('CCB_PYTHONSTARTUP', '')
_os.environ.pop('PYTHONSTARTUP', None)
if _own:
    _os.environ['PYTHONSTARTUP'] = _own
    with open(_own) as _file:
        exec(compile(_file.read(), _own, 'exec'))


class _Prompt:
    def __init__(self, text, nonce, sys):
        self._text, self._nonce, self._sys, self._last, self._first = text, nonce, sys, None, True

    def _mark(self, body):
        return '\x01\x1b]133;%s;k=%s\x07\x02' % (body, self._nonce)

    def __str__(self):
        error = getattr(self._sys, 'last_value', None)
        failed = error is not None and error is not self._last
        self._last = error
        ended = '' if self._first else self._mark('D;%d' % failed)
        self._first = False
        return ended + self._mark('A') + self._text + self._mark('B')


_sys.ps1 = _Prompt(getattr(_sys, 'ps1', '>>> '), _nonce, _sys)
del _Prompt, _nonce, _own, _os, _sys
