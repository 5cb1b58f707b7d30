"""A telephone by PJSIP, for tests: told what to do by lines on its input, tells what happens by lines on its output.

    telephone.py SERVER USER PASSWORD HERTZ

Answers every call at once and lets its tone be heard. Commands: `call NUMBER`, `hold CALL`, `transfer CALL WITH`,
`hangup CALL`, `quit`; a call is its number in the order of their beginning, from 0.
"""

import os
import queue
import sys
import threading

import pjsua2 as pj

server, user, password, hertz = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
calls = []


def say(*words):
    print(*words, flush=True)


class Call(pj.Call):
    def __init__(self, account, call_id=pj.PJSUA_INVALID_ID):
        super().__init__(account, call_id)
        self.number = len(calls)
        calls.append(self)

    def onCallState(self, prm):
        info = self.getInfo()
        say("call", self.number, info.stateText, info.lastStatusCode)

    def onCallMediaState(self, prm):
        # Kept by a name, for the list does not outlive what it is part of.
        info = self.getInfo()
        for index, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                tone.startTransmit(self.getAudioMedia(index))
                say("media", self.number, "active")
            elif media.type == pj.PJMEDIA_TYPE_AUDIO:
                say("media", self.number, "held")

    def onCallTransferStatus(self, prm):
        say("transferred", self.number, prm.statusCode)


class Account(pj.Account):
    def onRegState(self, prm):
        say("registered", prm.code)

    def onIncomingCall(self, prm):
        answer = pj.CallOpParam()
        answer.statusCode = 200
        Call(self, prm.callId).answer(answer)


endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.uaConfig.threadCnt = 0
config.uaConfig.mainThreadOnly = True
config.logConfig.level = 0
config.logConfig.consoleLevel = 0
endpoint.libInit(config)
transport = pj.TransportConfig()
transport.boundAddress = "127.0.0.1"
endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
endpoint.audDevManager().setNullDev()
endpoint.libStart()

tone = pj.ToneGenerator()
tone.createToneGenerator(8000, 1)
desc = pj.ToneDesc()
desc.freq1, desc.freq2, desc.on_msec, desc.off_msec = hertz, 0, 1000, 0
tones = pj.ToneDescVector()
tones.append(desc)
tone.play(tones, True)

settings = pj.AccountConfig()
settings.idUri = f"sip:{user}@{server}"
settings.regConfig.registrarUri = f"sip:{server}"
settings.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
settings.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
account = Account()
account.create(settings)

todo = queue.Queue()


def listen():
    for line in sys.stdin:
        todo.put(line.split())
    todo.put(["quit"])


threading.Thread(target=listen, daemon=True).start()
while True:
    endpoint.libHandleEvents(10)
    try:
        words = todo.get_nowait()
    except queue.Empty:
        continue
    options = pj.CallOpParam(True)
    if words[0] == "call":
        Call(account).makeCall(f"sip:{words[1]}@{server}", options)
    elif words[0] == "hold":
        calls[int(words[1])].setHold(options)
    elif words[0] == "transfer":
        calls[int(words[1])].xferReplaces(calls[int(words[2])], options)
    elif words[0] == "hangup":
        calls[int(words[1])].hangup(options)
    elif words[0] == "quit":
        break
# Without the library's farewells, which wait for answers that nobody needs any more.
os._exit(0)
