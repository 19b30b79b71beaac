"""SPID and CIE, through a gateway that speaks OpenID Connect or SAML, by settings alone.

django-allauth runs the journey (where it began, PKCE, the exchange of the code); this package
replaces the steps where allauth would store what the gateway tells, or would believe it without
looking (docs/adr/0020):

* ``porte`` says which gateways are open; ``oidc`` and ``saml`` are the two protocols, imported
  only when somebody uses them;
* ``adapter`` is where both hand over to ``ingresso``: in, or one more question, or no;
* what is kept, and what it opens, is in ``accounts.identita``.
"""
