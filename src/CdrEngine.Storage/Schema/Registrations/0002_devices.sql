-- A device by its hardware address, and the devices of a tenant in an order that does not change while they register.
CREATE INDEX registrations_by_mac ON registrations (mac) WHERE mac IS NOT NULL;
CREATE INDEX registrations_by_tenant ON registrations (tenant, aor, id) WHERE tenant IS NOT NULL;
