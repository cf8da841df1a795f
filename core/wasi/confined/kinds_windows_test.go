package confined

var hostKinds []kind
