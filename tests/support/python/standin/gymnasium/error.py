class Error(Exception):
    pass


class UnregisteredEnv(Error):
    pass


class NamespaceNotFound(UnregisteredEnv):
    pass


class NameNotFound(UnregisteredEnv):
    pass


class DependencyNotInstalled(Error):
    pass


class ResetNeeded(Error):
    pass
