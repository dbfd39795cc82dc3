"""scratch"""
from collections import Counter
import time
def calls(stand_in):
    return Counter(f"{r['method']} {r['path']}" for r in stand_in.requests)

def show(stage, n, known, notes=1):
    stage.activate(start=stage.now().replace(microsecond=0))
    for i in range(known):
        stage.zoho.add_record("Leads", {"Last_Name": f"L{i}", "Mobile": f"+57300{i:07}"})
    for i in range(n):
        stage.receive(f"hola {i}", phone=f"+57300{i:07}")
    stage.forget_calls()
    t=time.time()
    s=stage.tick()
    print(n, known, round(time.time()-t,2), s)
    print(calls(stage.zoho)); print(len(stage.timelines.requests), Counter(r['path'].rsplit('/',1)[-1] for r in stage.timelines.requests))

def test_a(stage):
    show(stage, 0,0)
def test_b(stage):
    show(stage, 1,0)
def test_c(stage):
    show(stage, 100,100)
def test_d(stage):
    show(stage, 100,0)
def test_e(stage):
    show(stage, 1000,500)
    for i in range(0,1000,2):
        stage.receive(f"otra {i}", phone=f"+57300{i:07}")
    stage.forget_calls()
    t=time.time()
    s=stage.tick()
    print(round(time.time()-t,2), s)
    print(calls(stage.zoho)); print(len(stage.timelines.requests), Counter(r['path'].rsplit('/',1)[-1] for r in stage.timelines.requests))
