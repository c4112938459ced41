"""ApiLogicServer's spellings, so that an existing declaration file works after its import line is changed.

The declarations mean what rowgate's own mean. Where ApiLogicServer leaked (includes, counts, writes), this does not.
"""

from rowgate.als.declared import DefaultRolePermission, GlobalFilter, Grant, policy_of
from rowgate.als.security import Security

__all__ = ["DefaultRolePermission", "GlobalFilter", "Grant", "Security", "policy_of"]
