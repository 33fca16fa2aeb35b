import collections, sys
sys.path.insert(0,'/work/main/tests')
import trust.test_state_machine as m
C=collections.Counter()
for n in ["place","told_of_payment","close","move_on","refund","told_of_refund","worker_reads","time_passes"]:
    pass
orig=m.Trade._agrees
async def agrees(self):
    await orig(self)
    C["steps"]+=1
m.Trade._agrees=agrees
td=m.Trade.teardown
def teardown(self):
    for o in getattr(self,'orders',[]):
        C["order "+o.state]+=1
        C["late"]+=o.is_late; C["refunds"]+=len(o.refunds); C["refunds done"]+=sum(r.is_done for r in o.refunds); C["promoted"]+=o.is_promoted and o.is_paid
        C["part"]+= 0<sum(o.back)<sum(o.units)
    async def st():
        async with self.database.begin(self.shop.merchant) as uow:
            return await uow.all(str,"select state from commissions where merchant_id=%(merchant_id)s")
    if hasattr(self,'shop'):
        for s in self.does(st()): C["commission "+s]+=1
    C["examples"]+=1
    td(self)
m.Trade.teardown=teardown
def test_x(database_url):
    m.test_whatever_happens_in_whatever_order_everything_agrees(database_url)
    print(C)

def test_m3(database_url, monkeypatch):
    from siyu.growth.distribution import listeners
    orig=listeners._move_back
    async def wrong(uow, refund, line, back):
        if line.state!='pending': return
        await orig(uow, refund, line, back)
    monkeypatch.setattr(listeners,'_move_back',wrong)
    m.test_whatever_happens_in_whatever_order_everything_agrees(database_url)
