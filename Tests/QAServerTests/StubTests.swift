import QAServer
