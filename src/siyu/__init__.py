"""Siyu 私域: private-domain commerce, from the door a customer came through to the commission paid."""
