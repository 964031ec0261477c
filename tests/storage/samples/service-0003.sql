BEGIN TRANSACTION;
CREATE TABLE access_token (
    hash BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    stamp INTEGER NOT NULL,  
    expires_at INTEGER NOT NULL
);
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  
    name TEXT NOT NULL,  
    folded_name TEXT NOT NULL,
    roles TEXT NOT NULL,  
    person TEXT,  
    enabled INTEGER NOT NULL DEFAULT 1,
    password TEXT,  
    secret BLOB,  
    subject TEXT,  
    stamp INTEGER NOT NULL DEFAULT 0,  
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
);
INSERT INTO "account" VALUES('01a22844-7e57-76c1-8ec4-74007206e06d','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','user','anna','anna','["Application Owner"]','01a22844-7e2c-7284-ad7e-e72418c8f4ce',1,NULL,NULL,NULL,0,1795971907159058,'local operator',NULL,NULL);
CREATE TABLE application (
    id TEXT NOT NULL PRIMARY KEY,  
    tenant TEXT NOT NULL,
    app_id TEXT NOT NULL,
    object_id TEXT NOT NULL,  
    template TEXT NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT NOT NULL,  
    account_enabled INTEGER NOT NULL DEFAULT 1,  
    assignment_required INTEGER NOT NULL DEFAULT 1,
    notes TEXT,
    tags TEXT NOT NULL,  
    created_at INTEGER NOT NULL
);
INSERT INTO "application" VALUES('01a22844-7e3f-7d2f-97eb-787737450034','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e3f-7d64-afb3-52292feb128d','01a22844-7e3f-7d73-9062-b9ade76fe998','ciscoUmbrella','Cisco Umbrella User Management','[{"id":"18d14569-c3bd-439b-9a66-3a2aee01d14f","display_name":"User","value":null,"description":"User","enabled":true}]',1,1,NULL,'["WindowsAzureActiveDirectoryIntegratedApp"]',1795971907135500);
CREATE TABLE application_owner (
    application TEXT NOT NULL,
    object TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (application, object)
);
INSERT INTO "application_owner" VALUES('01a22844-7e3f-7d2f-97eb-787737450034','01a22844-7e2c-7284-ad7e-e72418c8f4ce','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7');
CREATE TABLE assignment (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    application TEXT NOT NULL,
    principal TEXT NOT NULL,
    principal_kind TEXT NOT NULL,  
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    change INTEGER NOT NULL
, source TEXT);
INSERT INTO "assignment" VALUES('01a22844-7ed2-7452-9cea-5bf5fe858eee','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e3f-7d2f-97eb-787737450034','01a22844-7e2c-7504-b5c3-7129d7be5180','user','18d14569-c3bd-439b-9a66-3a2aee01d14f',1795971907281811,NULL,5,NULL);
INSERT INTO "assignment" VALUES('01a22844-7ed2-74a1-8c81-3ab2216e1a48','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e3f-7d2f-97eb-787737450034','01a22844-7e2d-7df9-b3c8-1dff3463fb3c','group','18d14569-c3bd-439b-9a66-3a2aee01d14f',1795971907281811,NULL,5,NULL);
CREATE TABLE audit_event (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,  
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,  
    address TEXT,  
    correlation TEXT,  
    through TEXT,  
    activity TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    result TEXT NOT NULL DEFAULT 'success'  
);
INSERT INTO "audit_event" VALUES('01a22844-7e32-7be7-8c76-3c0bf0725a35','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907122524,'local operator','local-operator','operator',NULL,NULL,NULL,'Import CSV files','csv','{"users":{"created":3,"updated":0,"restored":0,"deleted":0,"refused":0},"groups":{"created":2,"updated":0,"restored":0,"deleted":0,"refused":0},"memberships":{"created":3,"updated":0,"restored":0,"deleted":0,"refused":0}}','success');
INSERT INTO "audit_event" VALUES('01a22844-7e40-7251-860d-340edb8cad45','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907135500,'local operator','local-operator','operator',NULL,NULL,NULL,'Add service principal','01a22844-7e3f-7d2f-97eb-787737450034','{"name":"Cisco Umbrella User Management","template":"ciscoUmbrella"}','success');
INSERT INTO "audit_event" VALUES('01a22844-7e47-7c7f-a051-b2ad3c94056d','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907143286,'local operator','local-operator','operator',NULL,NULL,NULL,'Add owner to service principal','01a22844-7e3f-7d2f-97eb-787737450034','{"owner":"anna@fjord.example"}','success');
INSERT INTO "audit_event" VALUES('01a22844-7e57-793e-8d40-53dabc52514f','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907159058,'local operator','local-operator','operator',NULL,NULL,NULL,'Add account','01a22844-7e57-76c1-8ec4-74007206e06d','{"name":"anna","roles":["Application Owner"]}','success');
INSERT INTO "audit_event" VALUES('01a22844-7eca-73bf-b78e-836d3b6176e6','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907273170,'local operator','local-operator','operator',NULL,NULL,NULL,'Create provisioning configuration','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','{"application":"Cisco Umbrella User Management"}','success');
INSERT INTO "audit_event" VALUES('01a22844-7ed0-7eb6-86c0-c5b2d9dbe158','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907279381,'local operator','local-operator','operator',NULL,NULL,NULL,'Update provisioning setting or credentials','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','{"saved":["BaseAddress","SecretToken"]}','success');
INSERT INTO "audit_event" VALUES('01a22844-7ed2-7523-baf0-a0cbd6012941','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907281811,'local operator','local-operator','operator',NULL,NULL,NULL,'Add app role assignment','01a22844-7e3f-7d2f-97eb-787737450034','{"role":"User","assigned":2,"principals":["01a22844-7e2c-7504-b5c3-7129d7be5180","01a22844-7e2d-7df9-b3c8-1dff3463fb3c"]}','success');
INSERT INTO "audit_event" VALUES('01a22844-7ed6-7a59-8b36-398614e4e01a','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907283127,'local operator','local-operator','operator',NULL,NULL,NULL,'Enable/start provisioning configuration','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','{}','success');
INSERT INTO "audit_event" VALUES('01a22844-7f3a-7c42-90e5-02a3fb2d70b5','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907385544,'local operator','local-operator','operator',NULL,NULL,NULL,'Run provisioning cycle','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','{}','success');
INSERT INTO "audit_event" VALUES('01a22844-7f84-7b8e-ad66-3c289829c96a','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907459387,'local operator','local-operator','operator',NULL,NULL,NULL,'Disable account','01a22844-7e2c-7476-b976-655bec7328c4','{"name":"bo@fjord.example"}','success');
INSERT INTO "audit_event" VALUES('01a22844-7f9f-7bf4-af29-4b1f375e27f8','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907475178,'local operator','local-operator','operator',NULL,NULL,NULL,'Update attribute mappings or scope','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','{"version":{"old":1,"new":2}}','success');
INSERT INTO "audit_event" VALUES('01a22844-7fa5-75de-93a3-b37936f4d732','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907492143,'local operator','local-operator','operator',NULL,NULL,NULL,'Run provisioning cycle','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','{}','success');
INSERT INTO "audit_event" VALUES('01a22844-7fd0-7208-8682-e16aedf3a974','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907535422,'local operator','local-operator','operator',NULL,NULL,NULL,'Delete user','01a22844-7e2c-7504-b5c3-7129d7be5180','{"name":"åse@fjord.example"}','success');
INSERT INTO "audit_event" VALUES('01a22844-7fd5-7f20-9f3d-0c2843d5b0f2','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1795971907539658,'local operator','local-operator','operator',NULL,NULL,NULL,'Update retention','retention','{"log_days":{"old":30,"new":0}}','success');
CREATE TABLE browser_session (
    hash TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE TABLE connected_source (
    source TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    settings TEXT NOT NULL,  
    precedence INTEGER NOT NULL,  
    schedule_state TEXT NOT NULL,  
    staging INTEGER NOT NULL DEFAULT 0,  
    interval_seconds INTEGER NOT NULL,
    deletion_threshold INTEGER,  
    cursor TEXT,  
    full_reads INTEGER NOT NULL DEFAULT 0,  
    within_full INTEGER NOT NULL DEFAULT 0,  
    unreadable INTEGER NOT NULL DEFAULT 0,  
    runs INTEGER NOT NULL DEFAULT 0,
    run_wanted TEXT,  
    allowed INTEGER,  
    held TEXT,  
    failures INTEGER NOT NULL DEFAULT 0,  
    failing_since INTEGER,
    error TEXT,  
    last_began_at INTEGER,
    last_ended_at INTEGER,
    last_full_at INTEGER,  
    next_at INTEGER  
);
CREATE TABLE cycle (
    job INTEGER NOT NULL,
    n INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,  
    phase TEXT NOT NULL,
    state TEXT NOT NULL,  
    ruleset_version INTEGER NOT NULL,
    low INTEGER NOT NULL,  
    high INTEGER NOT NULL,
    cursor TEXT,
    counters TEXT NOT NULL,  
    error TEXT,  
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,  
    by_change INTEGER NOT NULL DEFAULT 0,  
    affected TEXT,  
    application_name TEXT,  
    PRIMARY KEY (job, n)
);
INSERT INTO "cycle" VALUES(1,1,'01a22844-7f43-7bb9-bb80-db1cae4c632b','initial','done','succeeded',1,-1,5,NULL,'{"requests.GET":4,"group.skip":1,"requests.POST":4,"user.create":3,"group.create":1,"requests.PATCH":1,"membership.add":2,"membership.remove":0,"through.reference":1,"sent.reference":1}',NULL,1795971907394876,1795971907451661,0,0,NULL,'Cisco Umbrella User Management');
INSERT INTO "cycle" VALUES(1,2,'01a22844-7fb2-7b88-9736-6808b709df1f','incremental','done','succeeded',2,5,6,NULL,'{"requests.GET":1,"reevaluated.user":3,"user.skip":1,"requests.PATCH":2,"user.update":1,"user.disable":1,"removed.user":1}',NULL,1795971907500981,1795971907532185,0,0,'{"user":["department","displayName"],"group":[]}','Cisco Umbrella User Management');
CREATE TABLE deleted_job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    application TEXT NOT NULL,
    application_name TEXT NOT NULL,
    template TEXT NOT NULL,
    deleted_at INTEGER NOT NULL
);
CREATE TABLE escrow (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,  
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    cause TEXT NOT NULL,  
    rival TEXT,  
    removes INTEGER NOT NULL,  
    event TEXT,  
    attempts INTEGER NOT NULL,
    first_failed_at INTEGER NOT NULL,
    last_failed_at INTEGER NOT NULL,
    due INTEGER NOT NULL,  
    PRIMARY KEY (job, object, kind)
);
CREATE TABLE exchange (
    event TEXT NOT NULL PRIMARY KEY,  
    job INTEGER NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL  
);
CREATE TABLE extension_property (
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    app_id TEXT NOT NULL,
    attribute TEXT NOT NULL,
    data_type TEXT NOT NULL,
    targets TEXT NOT NULL,  
    created_at INTEGER NOT NULL,
    multi_valued INTEGER NOT NULL DEFAULT 0,
    synced INTEGER NOT NULL DEFAULT 0,  
    PRIMARY KEY (name, tenant)
);
INSERT INTO "extension_property" VALUES('extension_442345a1cbf44d0fa6a8a7458f823391_objectGUID','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e2a-76b5-a6bc-97c2c813f60d','442345a1-cbf4-4d0f-a6a8-a7458f823391','objectGUID','String','["User"]',1795971907111985,0,1);
CREATE TABLE feed (
    tenant TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    cleaned INTEGER NOT NULL DEFAULT 0  
);
INSERT INTO "feed" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',7,0);
CREATE TABLE had_link (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    document TEXT NOT NULL,  
    allowed INTEGER NOT NULL DEFAULT 0,  
    PRIMARY KEY (job, object)
);
CREATE TABLE held (
    job INTEGER NOT NULL,
    stage INTEGER NOT NULL,  
    object TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,  
    removes INTEGER NOT NULL,  
    reason TEXT NOT NULL,
    allowed_at INTEGER,
    PRIMARY KEY (job, stage, object)
);
CREATE TABLE hold (
    job INTEGER NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL
);
CREATE TABLE job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,  
    tenant TEXT NOT NULL,
    application TEXT NOT NULL,
    template TEXT NOT NULL,
    schedule_state TEXT NOT NULL,  
    interval_seconds INTEGER NOT NULL,
    status_code TEXT NOT NULL,  
    settings TEXT NOT NULL,  
    behaviour TEXT NOT NULL,  
    ruleset_version INTEGER NOT NULL,
    watermark INTEGER,  
    full_evaluation INTEGER NOT NULL DEFAULT 0,  
    rules_changed INTEGER NOT NULL DEFAULT 0,  
    last_began_at INTEGER,
    last_ended_at INTEGER,
    last_cycle INTEGER NOT NULL DEFAULT 0,
    steady_first_at INTEGER,
    steady_last_at INTEGER,
    restarts INTEGER NOT NULL DEFAULT 0,  
    next_at INTEGER,  
    escrows_pruned INTEGER NOT NULL DEFAULT 0,  
    aborts INTEGER NOT NULL DEFAULT 0,  
    regroupings INTEGER NOT NULL DEFAULT 0,  
    force_deletes INTEGER,  
    created_at INTEGER NOT NULL
);
INSERT INTO "job" VALUES(1,'ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e3f-7d2f-97eb-787737450034','ciscoUmbrella','Active',2400,'Active','{"scope":"assigned","skipOutOfScopeDeletions":false}','provisor',2,6,0,0,1795971907500981,1795971907532185,2,1795971907451661,1795971907532185,0,NULL,0,0,0,NULL,1795971907273170);
CREATE TABLE link (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    state TEXT NOT NULL,  
    wanted_hash TEXT NOT NULL,
    pushed_hash TEXT NOT NULL,
    pushed_document TEXT NOT NULL,
    disabled_at INTEGER,  
    PRIMARY KEY (job, object)
);
INSERT INTO "link" VALUES(1,'01a22844-7e2c-7284-ad7e-e72418c8f4ce','user','u-1','linked','8c97c6d88075927fd2b184b5eb405015','8c97c6d88075927fd2b184b5eb405015','{"userName":"anna@fjord.example","externalId":"01a22844-7e2c-7284-ad7e-e72418c8f4ce","active":true,"displayName":"Sales","name":{"formatted":""}}',NULL);
INSERT INTO "link" VALUES(1,'01a22844-7e2c-7476-b976-655bec7328c4','user','u-2','linked','f3c82eba22ccde1a642e6660f49b9e81','f3c82eba22ccde1a642e6660f49b9e81','{"userName":"bo@fjord.example","externalId":"01a22844-7e2c-7476-b976-655bec7328c4","active":false,"displayName":"Sales","name":{"formatted":""}}',NULL);
INSERT INTO "link" VALUES(1,'01a22844-7e2c-7504-b5c3-7129d7be5180','user','u-3','linked','56748876956029532d9bd2d9edd7b2dc','56748876956029532d9bd2d9edd7b2dc','{"userName":"åse@fjord.example","externalId":"01a22844-7e2c-7504-b5c3-7129d7be5180","active":true,"displayName":"Åse","name":{"formatted":""}}',NULL);
INSERT INTO "link" VALUES(1,'01a22844-7e2d-7df9-b3c8-1dff3463fb3c','group','g-4','linked','62d414766f960f8bc98ad5028ed03fb8','62d414766f960f8bc98ad5028ed03fb8','{"displayName":"Staff","externalId":"01a22844-7e2d-7df9-b3c8-1dff3463fb3c"}',NULL);
CREATE TABLE listing (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    folded_value TEXT NOT NULL,
    target_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (job, kind, path, folded_value, target_id)
);
CREATE TABLE log_event (
    number INTEGER PRIMARY KEY,  
    id TEXT NOT NULL UNIQUE,  
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    cycle TEXT NOT NULL,
    day INTEGER NOT NULL,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT,
    source_id TEXT,
    name TEXT,
    target_id TEXT,
    document TEXT NOT NULL,  
    facet INTEGER NOT NULL
);
INSERT INTO "log_event" VALUES(1,'01a22844-7f49-79af-995e-58f9e242ef8b','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7f43-7bb9-bb80-db1cae4c632b',20786,1795971907401615,'other','skipped','NotEffectivelyEntitled','01a22844-7e2d-7fa2-a2a8-31a60ef7b5cf','Sales',NULL,'["group",["unentitled",false,true,true,"The object is not assigned to the application.","There is no scoping filter.",[]],[],null,[],null,["NotEffectivelyEntitled","The object is not assigned to the application."],null,0,0.0,""]',1);
INSERT INTO "log_event" VALUES(2,'01a22844-7f6e-7de6-8169-afdf9822a7d8','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7f43-7bb9-bb80-db1cae4c632b',20786,1795971907438887,'create','success',NULL,'01a22844-7e2c-7284-ad7e-e72418c8f4ce','anna@fjord.example','u-1','["user",["wanted",true,true,true,"","There is no scoping filter.",[]],[["userName",null,"anna@fjord.example"],["externalId",null,"01a22844-7e2c-7284-ad7e-e72418c8f4ce"],["active",null,"True"],["displayName",null,"Anna"],["name.formatted",null,""]],null,[],null,null,["POST","memory:/Users",null,"{\"userName\":\"anna@fjord.example\",\"externalId\":\"01a22844-7e2c-7284-ad7e-e72418c8f4ce\",\"active\":true,\"displayName\":\"Anna\",\"name\":{\"formatted\":\"\"}}","",0.0],0,0.0,""]',2);
INSERT INTO "log_event" VALUES(3,'01a22844-7f6f-707f-9620-ae297191343b','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7f43-7bb9-bb80-db1cae4c632b',20786,1795971907439039,'create','success',NULL,'01a22844-7e2c-7476-b976-655bec7328c4','bo@fjord.example','u-2','["user",["wanted",true,true,true,"","There is no scoping filter.",[]],[["userName",null,"bo@fjord.example"],["externalId",null,"01a22844-7e2c-7476-b976-655bec7328c4"],["active",null,"True"],["displayName",null,"Bo"],["name.formatted",null,""]],null,[],null,null,["POST","memory:/Users",null,"{\"userName\":\"bo@fjord.example\",\"externalId\":\"01a22844-7e2c-7476-b976-655bec7328c4\",\"active\":true,\"displayName\":\"Bo\",\"name\":{\"formatted\":\"\"}}","",0.0],0,0.0,""]',2);
INSERT INTO "log_event" VALUES(4,'01a22844-7f6f-7215-8cc7-cc054592c3dc','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7f43-7bb9-bb80-db1cae4c632b',20786,1795971907439137,'create','success',NULL,'01a22844-7e2c-7504-b5c3-7129d7be5180','åse@fjord.example','u-3','["user",["wanted",true,true,true,"","There is no scoping filter.",[]],[["userName",null,"åse@fjord.example"],["externalId",null,"01a22844-7e2c-7504-b5c3-7129d7be5180"],["active",null,"True"],["displayName",null,"Åse"],["name.formatted",null,""]],null,[],null,null,["POST","memory:/Users",null,"{\"userName\":\"åse@fjord.example\",\"externalId\":\"01a22844-7e2c-7504-b5c3-7129d7be5180\",\"active\":true,\"displayName\":\"Åse\",\"name\":{\"formatted\":\"\"}}","",0.0],0,0.0,""]',2);
INSERT INTO "log_event" VALUES(5,'01a22844-7f74-77bb-be9a-a3f797b06afc','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7f43-7bb9-bb80-db1cae4c632b',20786,1795971907444510,'create','success',NULL,'01a22844-7e2d-7df9-b3c8-1dff3463fb3c','Staff','g-4','["group",["wanted",true,true,true,"","There is no scoping filter.",[]],[["displayName",null,"Staff"],["externalId",null,"01a22844-7e2d-7df9-b3c8-1dff3463fb3c"]],null,[],null,null,["POST","memory:/Groups",null,"{\"displayName\":\"Staff\",\"externalId\":\"01a22844-7e2d-7df9-b3c8-1dff3463fb3c\"}","",0.0],0,0.0,""]',2);
INSERT INTO "log_event" VALUES(6,'01a22844-7f79-7115-b156-703ae38f6bf0','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7f43-7bb9-bb80-db1cae4c632b',20786,1795971907449085,'update','success',NULL,'01a22844-7e2d-7df9-b3c8-1dff3463fb3c','Staff','g-4','["group",["wanted",true,true,true,"","There is no scoping filter.",[]],[["members",null,"01a22844-7e2c-7284-ad7e-e72418c8f4ce"],["members",null,"01a22844-7e2c-7476-b976-655bec7328c4"]],null,[],null,null,["PATCH","memory:/Groups/g-4",null,"{\"add\":[\"u-1\",\"u-2\"],\"remove\":[]}","",0.0],0,0.0,""]',3);
INSERT INTO "log_event" VALUES(7,'01a22844-7fc6-7371-aeeb-3c1f53636641','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7fb2-7b88-9736-6808b709df1f',20786,1795971907526229,'update','success',NULL,'01a22844-7e2c-7284-ad7e-e72418c8f4ce','anna@fjord.example','u-1','["user",["wanted",true,true,true,"","There is no scoping filter.",[]],[["displayName","Anna","Sales"]],null,[],null,null,["PATCH","memory:/Users/u-1",null,"[{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"Sales\"}]","",0.0],0,0.0,""]',3);
INSERT INTO "log_event" VALUES(8,'01a22844-7fca-707f-9b3f-0529d173ebca','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'01a22844-7fb2-7b88-9736-6808b709df1f',20786,1795971907530043,'disable','success',NULL,'01a22844-7e2c-7476-b976-655bec7328c4','bo@fjord.example','u-2','["user",["suspended",true,false,true,"The account is disabled in the directory.","There is no scoping filter.",[]],[["active","True","False"],["displayName","Bo","Sales"]],null,[],null,null,["PATCH","memory:/Users/u-2",null,"[{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"Sales\"},{\"op\":\"replace\",\"path\":\"active\",\"value\":false}]","",0.0],0,0.0,""]',4);
CREATE TABLE log_facet (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    frame INTEGER NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL  
);
INSERT INTO "log_facet" VALUES(1,'94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,1,'other','skipped','NotEffectivelyEntitled');
INSERT INTO "log_facet" VALUES(2,'94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,1,'create','success','');
INSERT INTO "log_facet" VALUES(3,'94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,1,'update','success','');
INSERT INTO "log_facet" VALUES(4,'94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,1,'disable','success','');
CREATE TABLE log_frame (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job_id TEXT NOT NULL,  
    application TEXT NOT NULL,  
    app_id TEXT NOT NULL,
    application_name TEXT NOT NULL,
    source_name TEXT NOT NULL,
    user_urn TEXT NOT NULL,
    group_urn TEXT NOT NULL
);
INSERT INTO "log_frame" VALUES(1,'94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','ciscoUmbrella.94ac6c93d02c409aa63fcdc8ce6fb8f7.01a22844-7e3f-7d2f-97eb-787737450034','01a22844-7e3f-7d2f-97eb-787737450034','01a22844-7e3f-7d64-afb3-52292feb128d','Cisco Umbrella User Management','Provisor Directory','urn:ietf:params:scim:schemas:core:2.0:User','urn:ietf:params:scim:schemas:core:2.0:Group');
CREATE TABLE member (
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    change INTEGER NOT NULL,
    removed_at INTEGER,
    nested INTEGER NOT NULL DEFAULT 0,  
    PRIMARY KEY (group_id, member_id)
);
INSERT INTO "member" VALUES('01a22844-7e2d-7df9-b3c8-1dff3463fb3c','01a22844-7e2c-7284-ad7e-e72418c8f4ce','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',4,NULL,0);
INSERT INTO "member" VALUES('01a22844-7e2d-7df9-b3c8-1dff3463fb3c','01a22844-7e2c-7476-b976-655bec7328c4','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',4,NULL,0);
INSERT INTO "member" VALUES('01a22844-7e2d-7fa2-a2a8-31a60ef7b5cf','01a22844-7e2c-7476-b976-655bec7328c4','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',4,NULL,0);
CREATE TABLE member_link (
    job INTEGER NOT NULL,
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    pushed INTEGER NOT NULL DEFAULT 0,  
    pending INTEGER NOT NULL DEFAULT 0,  
    PRIMARY KEY (job, group_id, member_id)
);
INSERT INTO "member_link" VALUES(1,'01a22844-7e2d-7df9-b3c8-1dff3463fb3c','01a22844-7e2c-7284-ad7e-e72418c8f4ce',1,0);
INSERT INTO "member_link" VALUES(1,'01a22844-7e2d-7df9-b3c8-1dff3463fb3c','01a22844-7e2c-7476-b976-655bec7328c4',1,0);
CREATE TABLE member_taken (
    job INTEGER NOT NULL,
    member_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (job, member_id, group_id)
);
CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,  
    attempts INTEGER NOT NULL DEFAULT 0,
    made_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    failing_since INTEGER,
    ended_at INTEGER,
    doubtful INTEGER NOT NULL DEFAULT 0,  
    error TEXT
);
CREATE TABLE migration (
    number INTEGER PRIMARY KEY, owner TEXT NOT NULL, hash TEXT NOT NULL, applied_at INTEGER NOT NULL
);
INSERT INTO "migration" VALUES(1,'the provisioning service','2ad14dd0bc90e9df14755d8bb267e70b0cae1813e3893948f1f2ee7d19aa7d0e',1795971907090581);
INSERT INTO "migration" VALUES(2,'the provisioning service','70505af7dd54907fbd4fa2a9fdaa29fa67ca8d40a21a36d4b48c24a0c80ced93',1795971907099067);
INSERT INTO "migration" VALUES(3,'the provisioning service','18cbde77741ea762edf0531758573c2334af241e717aadcdf625f33ae286f035',1795971907106050);
CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY,  
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL  
);
CREATE TABLE object (
    id TEXT NOT NULL PRIMARY KEY,  
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,  
    anchor TEXT,  
    name TEXT NOT NULL,  
    folded_name TEXT NOT NULL,
    attributes TEXT NOT NULL,  
    manager TEXT,  
    enabled INTEGER NOT NULL DEFAULT 1,  
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    purged_at INTEGER,
    change INTEGER NOT NULL,
    alive_change INTEGER NOT NULL  
, immutable_id TEXT);
INSERT INTO "object" VALUES('01a22844-7e2c-7284-ad7e-e72418c8f4ce','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e29-78a0-9704-be96a86cc270','user','oZFqGdYO/1WekxKfV4hPKQ==','anna@fjord.example','anna@fjord.example','{"userPrincipalName":"anna@fjord.example","displayName":"Anna","department":"Sales","extension_442345a1cbf44d0fa6a8a7458f823391_objectGUID":"oZFqGdYO/1WekxKfV4hPKQ==","accountEnabled":true}',NULL,1,1795971907111985,NULL,NULL,1,1,NULL);
INSERT INTO "object" VALUES('01a22844-7e2c-7476-b976-655bec7328c4','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e29-78a0-9704-be96a86cc270','user','oZFqKdYO/1WekxKfV4hPKQ==','bo@fjord.example','bo@fjord.example','{"userPrincipalName":"bo@fjord.example","displayName":"Bo","department":"Sales","extension_442345a1cbf44d0fa6a8a7458f823391_objectGUID":"oZFqKdYO/1WekxKfV4hPKQ==","accountEnabled":false}','01a22844-7e2c-7284-ad7e-e72418c8f4ce',0,1795971907111985,NULL,NULL,6,6,NULL);
INSERT INTO "object" VALUES('01a22844-7e2c-7504-b5c3-7129d7be5180','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e29-78a0-9704-be96a86cc270','user','oZFqOdYO/1WekxKfV4hPKQ==','åse@fjord.example','åse@fjord.example','{"userPrincipalName":"åse@fjord.example","displayName":"Åse","extension_442345a1cbf44d0fa6a8a7458f823391_objectGUID":"oZFqOdYO/1WekxKfV4hPKQ==","accountEnabled":true}','01a22844-7e2c-7284-ad7e-e72418c8f4ce',1,1795971907111985,1795971907535422,NULL,7,7,NULL);
INSERT INTO "object" VALUES('01a22844-7e2d-7df9-b3c8-1dff3463fb3c','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e29-78a0-9704-be96a86cc270','group','staff','Staff','staff','{"displayName":"Staff","description":"All"}',NULL,1,1795971907111985,NULL,NULL,2,2,NULL);
INSERT INTO "object" VALUES('01a22844-7e2d-7fa2-a2a8-31a60ef7b5cf','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','01a22844-7e29-78a0-9704-be96a86cc270','group','sales','Sales','sales','{"displayName":"Sales","description":"Some"}',NULL,1,1795971907111985,NULL,NULL,2,2,NULL);
CREATE TABLE object_search (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    name TEXT NOT NULL,  
    display_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    surname TEXT NOT NULL,
    mail TEXT NOT NULL,
    mail_nickname TEXT NOT NULL,
    employee_id TEXT NOT NULL,
    department TEXT NOT NULL,
    job_title TEXT NOT NULL,
    user_type TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    synced INTEGER NOT NULL,  
    PRIMARY KEY (tenant, kind, object)
) WITHOUT ROWID;
INSERT INTO "object_search" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','group','01a22844-7e2d-7df9-b3c8-1dff3463fb3c','staff','staff','','','','','','','','',1,0);
INSERT INTO "object_search" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','group','01a22844-7e2d-7fa2-a2a8-31a60ef7b5cf','sales','sales','','','','','','','','',1,0);
INSERT INTO "object_search" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','user','01a22844-7e2c-7284-ad7e-e72418c8f4ce','anna@fjord.example','anna','','','','','','sales','','',1,0);
INSERT INTO "object_search" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','user','01a22844-7e2c-7476-b976-655bec7328c4','bo@fjord.example','bo','','','','','','sales','','',0,0);
CREATE TABLE once_linked (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (job, object)
);
CREATE TABLE open_trouble (
    tenant TEXT NOT NULL,
    trouble TEXT NOT NULL,  
    about TEXT NOT NULL,  
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (tenant, trouble, about)
);
CREATE TABLE operation (
    job INTEGER NOT NULL,
    stage INTEGER NOT NULL,  
    object TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    object_kind TEXT NOT NULL,
    name TEXT NOT NULL,  
    kind TEXT NOT NULL,  
    phase INTEGER NOT NULL,  
    state TEXT NOT NULL,  
    target_id TEXT,
    wanted_hash TEXT,
    base_hash TEXT,
    found_document TEXT,  
    found_by TEXT,  
    links_only INTEGER NOT NULL DEFAULT 0,  
    held INTEGER NOT NULL DEFAULT 0,  
    verdict TEXT,  
    reason TEXT,
    removes INTEGER NOT NULL DEFAULT 0,  
    sent TEXT,  
    left_over INTEGER NOT NULL DEFAULT 0,  
    told INTEGER NOT NULL DEFAULT 0,  
    PRIMARY KEY (job, stage, object)
);
CREATE TABLE outbox (
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,  
    notice TEXT NOT NULL,
    message TEXT,
    PRIMARY KEY (tenant, channel, notice)
);
CREATE TABLE plan (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    job INTEGER NOT NULL,
    state TEXT NOT NULL,  
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    made_by_id TEXT NOT NULL,
    ruleset_version INTEGER NOT NULL,
    change INTEGER NOT NULL,  
    proposed TEXT,  
    document TEXT NOT NULL,  
    decided_at INTEGER,
    decided_by TEXT,
    decided_by_id TEXT,
    cycle TEXT  
);
INSERT INTO "plan" VALUES(1,'94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7',1,'planned',1795971907579963,'local operator','local-operator',2,7,NULL,'{"cycle":"incremental","application":"Cisco Umbrella User Management","operations":1,"counts":{"user.disable":1},"verdicts":{},"capacity":null,"digest":"39303faa3453231fadadaf4e06b23c8f-1","removes":1,"stops":null,"requests":1,"seconds":null}',NULL,NULL,NULL,NULL);
CREATE TABLE plan_operation (
    plan INTEGER NOT NULL,
    position INTEGER NOT NULL,
    stage INTEGER NOT NULL,  
    object TEXT NOT NULL,
    digest TEXT,  
    aim TEXT,  
    detail TEXT NOT NULL,  
    stale TEXT, sort TEXT NOT NULL DEFAULT '', folded_name TEXT NOT NULL DEFAULT '',  
    PRIMARY KEY (plan, position)
);
INSERT INTO "plan_operation" VALUES(1,0,1,'01a22844-7e2c-7504-b5c3-7129d7be5180','39303faa3453231fadadaf4e06b23c8f','bdc195e6ffa787137cf344a081c6820c','{"operation":"disable","status":"planned","kind":"user","id":"01a22844-7e2c-7504-b5c3-7129d7be5180","name":"åse@fjord.example","targetId":"u-3","changes":[{"attribute":"active","old":"True","new":"False"}],"code":null,"reason":"The object is in the recycle bin.","hint":null}',NULL,'disable','åse@fjord.example');
CREATE TABLE quarantine (
    job INTEGER NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    series_began INTEGER NOT NULL,
    current_began INTEGER NOT NULL,
    next_try INTEGER NOT NULL,
    series_count INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL,
    event TEXT  
);
CREATE TABLE ruleset (
    job INTEGER NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,  
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (job, version)
);
INSERT INTO "ruleset" VALUES(1,1,'{"directories":[{"discoverabilities":"None","discoveryDateTime":null,"id":"6b1f0a2c-9d11-4a4e-9a53-7e1d5b0c3f52","name":"Azure Active Directory","objects":[{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"objectId","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"accountEnabled","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"IsSoftDeleted","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"userPrincipalName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"givenName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"surname","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mail","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mailNickname","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"jobTitle","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"department","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"companyName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"employeeId","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"employeeType","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"city","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"country","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"state","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"postalCode","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"streetAddress","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"preferredLanguage","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"usageLocation","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"telephoneNumber","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mobile","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"facsimileTelephoneNumber","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"physicalDeliveryOfficeName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"manager","referencedObjects":[{"referencedObjectName":"User","referencedProperty":"objectId"}],"required":false,"type":"Reference"}],"metadata":[],"name":"User","supportedApis":[]},{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"objectId","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"description","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mail","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mailNickname","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"securityEnabled","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":true,"mutability":"ReadWrite","name":"members","referencedObjects":[{"referencedObjectName":"User","referencedProperty":"objectId"}],"required":false,"type":"Reference"}],"metadata":[],"name":"Group","supportedApis":[]}],"readOnly":true,"version":null},{"discoverabilities":"AttributeNames, AttributeDataTypes, AttributeReadOnly","discoveryDateTime":null,"id":"8c2e1b3d-0e22-4b5f-8b64-9f2e6c1d4a63","name":"Cisco Umbrella User Management","objects":[{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"id","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"userName","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"externalId","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"active","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"name.givenName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"name.familyName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"name.formatted","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId","referencedObjects":[],"required":false,"type":"String"}],"metadata":[],"name":"urn:ietf:params:scim:schemas:core:2.0:User","supportedApis":[]},{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"id","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"externalId","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":true,"mutability":"ReadWrite","name":"members","referencedObjects":[{"referencedObjectName":"urn:ietf:params:scim:schemas:core:2.0:User","referencedProperty":"id"}],"required":false,"type":"Reference"}],"metadata":[],"name":"urn:ietf:params:scim:schemas:core:2.0:Group","supportedApis":[]}],"readOnly":false,"version":null}],"synchronizationRules":[{"containerFilter":{"includedContainers":[]},"editable":true,"groupFilter":{"includedGroups":[]},"id":"03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8","metadata":[],"name":"USER_OUTBOUND_USER","objectMappings":[{"attributeMappings":[{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":1,"source":{"expression":"[userPrincipalName]","name":"userPrincipalName","parameters":[],"type":"Attribute"},"targetAttributeName":"userName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[objectId]","name":"objectId","parameters":[],"type":"Attribute"},"targetAttributeName":"externalId"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"type":"Function","name":"Switch","expression":"Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")","parameters":[{"key":"source","value":{"type":"Attribute","name":"IsSoftDeleted","expression":"[IsSoftDeleted]","parameters":[]}},{"key":"key","value":{"type":"Constant","name":"False","expression":"\"False\"","parameters":[]}},{"key":"value","value":{"type":"Constant","name":"True","expression":"\"True\"","parameters":[]}},{"key":"key","value":{"type":"Constant","name":"True","expression":"\"True\"","parameters":[]}},{"key":"value","value":{"type":"Constant","name":"False","expression":"\"False\"","parameters":[]}}]},"targetAttributeName":"active"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[displayName]","name":"displayName","parameters":[],"type":"Attribute"},"targetAttributeName":"displayName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[givenName]","name":"givenName","parameters":[],"type":"Attribute"},"targetAttributeName":"name.givenName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[surname]","name":"surname","parameters":[],"type":"Attribute"},"targetAttributeName":"name.familyName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"type":"Function","name":"Join","expression":"Join(\" \", [givenName], [surname])","parameters":[{"key":"separator","value":{"type":"Constant","name":" ","expression":"\" \"","parameters":[]}},{"key":"source","value":{"type":"Attribute","name":"givenName","expression":"[givenName]","parameters":[]}},{"key":"source","value":{"type":"Attribute","name":"surname","expression":"[surname]","parameters":[]}}]},"targetAttributeName":"name.formatted"}],"enabled":true,"flowTypes":"Add, Update, Delete","metadata":[],"name":"Synchronize Microsoft Entra users to Cisco Umbrella User Management","scope":null,"sourceObjectName":"User","targetObjectName":"urn:ietf:params:scim:schemas:core:2.0:User"}],"priority":1,"sourceDirectoryName":"Azure Active Directory","targetDirectoryName":"Cisco Umbrella User Management"},{"containerFilter":{"includedContainers":[]},"editable":true,"groupFilter":{"includedGroups":[]},"id":"2a5c0e3f-6c1d-4b57-9f0a-8d7e6c5b4a39","metadata":[],"name":"GROUP_OUTBOUND_GROUP","objectMappings":[{"attributeMappings":[{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":1,"source":{"expression":"[displayName]","name":"displayName","parameters":[],"type":"Attribute"},"targetAttributeName":"displayName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[objectId]","name":"objectId","parameters":[],"type":"Attribute"},"targetAttributeName":"externalId"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[members]","name":"members","parameters":[],"type":"Attribute"},"targetAttributeName":"members"}],"enabled":true,"flowTypes":"Add, Update, Delete","metadata":[],"name":"Synchronize Microsoft Entra groups to Cisco Umbrella User Management","scope":null,"sourceObjectName":"Group","targetObjectName":"urn:ietf:params:scim:schemas:core:2.0:Group"}],"priority":2,"sourceDirectoryName":"Azure Active Directory","targetDirectoryName":"Cisco Umbrella User Management"}]}',1795971907273170,'local operator');
INSERT INTO "ruleset" VALUES(1,2,'{"directories":[{"discoverabilities":"None","discoveryDateTime":null,"id":"6b1f0a2c-9d11-4a4e-9a53-7e1d5b0c3f52","name":"Azure Active Directory","objects":[{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"objectId","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"accountEnabled","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"IsSoftDeleted","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"userPrincipalName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"givenName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"surname","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mail","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mailNickname","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"jobTitle","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"department","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"companyName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"employeeId","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"employeeType","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"city","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"country","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"state","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"postalCode","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"streetAddress","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"preferredLanguage","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"usageLocation","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"telephoneNumber","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mobile","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"facsimileTelephoneNumber","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"physicalDeliveryOfficeName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"manager","referencedObjects":[{"referencedObjectName":"User","referencedProperty":"objectId"}],"required":false,"type":"Reference"}],"metadata":[],"name":"User","supportedApis":[]},{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"objectId","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"description","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mail","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"mailNickname","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"securityEnabled","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":true,"mutability":"ReadWrite","name":"members","referencedObjects":[{"referencedObjectName":"User","referencedProperty":"objectId"}],"required":false,"type":"Reference"}],"metadata":[],"name":"Group","supportedApis":[]}],"readOnly":true,"version":null},{"discoverabilities":"AttributeNames, AttributeDataTypes, AttributeReadOnly","discoveryDateTime":null,"id":"8c2e1b3d-0e22-4b5f-8b64-9f2e6c1d4a63","name":"Cisco Umbrella User Management","objects":[{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"id","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"userName","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"externalId","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"active","referencedObjects":[],"required":false,"type":"Boolean"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"name.givenName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"name.familyName","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"name.formatted","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"urn:ietf:params:scim:schemas:extension:ciscoumbrella:2.0:User:nativeObjectId","referencedObjects":[],"required":false,"type":"String"}],"metadata":[],"name":"urn:ietf:params:scim:schemas:core:2.0:User","supportedApis":[]},{"attributes":[{"anchor":true,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadOnly","name":"id","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"displayName","referencedObjects":[],"required":true,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":true,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":false,"mutability":"ReadWrite","name":"externalId","referencedObjects":[],"required":false,"type":"String"},{"anchor":false,"apiExpressions":[],"caseExact":false,"defaultValue":null,"flowNullValues":false,"metadata":[],"multivalued":true,"mutability":"ReadWrite","name":"members","referencedObjects":[{"referencedObjectName":"urn:ietf:params:scim:schemas:core:2.0:User","referencedProperty":"id"}],"required":false,"type":"Reference"}],"metadata":[],"name":"urn:ietf:params:scim:schemas:core:2.0:Group","supportedApis":[]}],"readOnly":false,"version":null}],"synchronizationRules":[{"containerFilter":{"includedContainers":[]},"editable":true,"groupFilter":{"includedGroups":[]},"id":"03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8","metadata":[],"name":"USER_OUTBOUND_USER","objectMappings":[{"attributeMappings":[{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":1,"source":{"expression":"[userPrincipalName]","name":"userPrincipalName","parameters":[],"type":"Attribute"},"targetAttributeName":"userName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[objectId]","name":"objectId","parameters":[],"type":"Attribute"},"targetAttributeName":"externalId"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"type":"Function","name":"Switch","expression":"Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")","parameters":[{"key":"source","value":{"type":"Attribute","name":"IsSoftDeleted","expression":"[IsSoftDeleted]","parameters":[]}},{"key":"key","value":{"type":"Constant","name":"False","expression":"\"False\"","parameters":[]}},{"key":"value","value":{"type":"Constant","name":"True","expression":"\"True\"","parameters":[]}},{"key":"key","value":{"type":"Constant","name":"True","expression":"\"True\"","parameters":[]}},{"key":"value","value":{"type":"Constant","name":"False","expression":"\"False\"","parameters":[]}}]},"targetAttributeName":"active"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[department]","name":"department","parameters":[],"type":"Attribute"},"targetAttributeName":"displayName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[givenName]","name":"givenName","parameters":[],"type":"Attribute"},"targetAttributeName":"name.givenName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[surname]","name":"surname","parameters":[],"type":"Attribute"},"targetAttributeName":"name.familyName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"type":"Function","name":"Join","expression":"Join(\" \", [givenName], [surname])","parameters":[{"key":"separator","value":{"type":"Constant","name":" ","expression":"\" \"","parameters":[]}},{"key":"source","value":{"type":"Attribute","name":"givenName","expression":"[givenName]","parameters":[]}},{"key":"source","value":{"type":"Attribute","name":"surname","expression":"[surname]","parameters":[]}}]},"targetAttributeName":"name.formatted"}],"enabled":true,"flowTypes":"Add, Update, Delete","metadata":[],"name":"Synchronize Microsoft Entra users to Cisco Umbrella User Management","scope":null,"sourceObjectName":"User","targetObjectName":"urn:ietf:params:scim:schemas:core:2.0:User"}],"priority":1,"sourceDirectoryName":"Azure Active Directory","targetDirectoryName":"Cisco Umbrella User Management"},{"containerFilter":{"includedContainers":[]},"editable":true,"groupFilter":{"includedGroups":[]},"id":"2a5c0e3f-6c1d-4b57-9f0a-8d7e6c5b4a39","metadata":[],"name":"GROUP_OUTBOUND_GROUP","objectMappings":[{"attributeMappings":[{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":1,"source":{"expression":"[displayName]","name":"displayName","parameters":[],"type":"Attribute"},"targetAttributeName":"displayName"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[objectId]","name":"objectId","parameters":[],"type":"Attribute"},"targetAttributeName":"externalId"},{"defaultValue":null,"exportMissingReferences":false,"flowBehavior":"FlowWhenChanged","flowType":"Always","matchingPriority":0,"source":{"expression":"[members]","name":"members","parameters":[],"type":"Attribute"},"targetAttributeName":"members"}],"enabled":true,"flowTypes":"Add, Update, Delete","metadata":[],"name":"Synchronize Microsoft Entra groups to Cisco Umbrella User Management","scope":null,"sourceObjectName":"Group","targetObjectName":"urn:ietf:params:scim:schemas:core:2.0:Group"}],"priority":2,"sourceDirectoryName":"Azure Active Directory","targetDirectoryName":"Cisco Umbrella User Management"}]}',1795971907475178,'local operator');
CREATE TABLE run_request (
    job INTEGER NOT NULL,
    id TEXT NOT NULL,  
    by_hand INTEGER NOT NULL,  
    allow_deletes INTEGER NOT NULL DEFAULT 0,
    asked_at INTEGER NOT NULL,
    answer TEXT,  
    PRIMARY KEY (job, id)
);
INSERT INTO "run_request" VALUES(1,'01a22844-7ed6-743d-85eb-d6e49f5dc32b',0,0,1795971907283127,NULL);
CREATE TABLE secret (
    tenant TEXT NOT NULL,
    owner_kind TEXT NOT NULL,  
    owner TEXT NOT NULL,  
    name TEXT NOT NULL,
    key_id TEXT NOT NULL,  
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, owner_kind, owner, name)
);
INSERT INTO "secret" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','application','01a22844-7e3f-7d2f-97eb-787737450034','BaseAddress','3b8b68531f0e5c70',X'E8724E048BFF99159624BD78',X'D09B877970860B3D493367EE73718A5B57572C8D2B54AE0284E7930B6F35E5D5AC07FA64819F3A',1795971907279381);
INSERT INTO "secret" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','application','01a22844-7e3f-7d2f-97eb-787737450034','SecretToken','3b8b68531f0e5c70',X'1DF89F60D7ABF481BE2450ED',X'05EB21999EF9D9B378BA4C83101BD4D2C6C17EC7ACCCE3FBC1E0C449F452',1795971907279381);
CREATE TABLE setting (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
);
INSERT INTO "setting" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','extensionAppId','442345a1-cbf4-4d0f-a6a8-a7458f823391');
INSERT INTO "setting" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','clock','{"newest":1795971907539658,"before":null,"doubted_since":null}');
INSERT INTO "setting" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','secretKey','3b8b68531f0e5c70');
INSERT INTO "setting" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','retention','{"log_days":0,"audit_days":365,"cycles":1000,"rule_sets":100}');
INSERT INTO "setting" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','lastPlan','1');
CREATE TABLE setup_link (
    hash BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    account TEXT,  
    expires_at INTEGER NOT NULL
);
CREATE TABLE sign_in_failure (
    who TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    refused_until INTEGER NOT NULL
);
CREATE TABLE source (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  
    name TEXT NOT NULL,
    user_anchor TEXT,  
    group_anchor TEXT,
    created_at INTEGER NOT NULL,
    last_run TEXT  
);
INSERT INTO "source" VALUES('01a22844-7e29-78a0-9704-be96a86cc270','94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','csv','csv','objectGUID','displayName',1795971907111985,'{"users":{"created":3,"updated":0,"restored":0,"unchanged":0,"deleted":0,"refused":0},"groups":{"created":2,"updated":0,"restored":0,"unchanged":0,"deleted":0,"refused":0},"memberships":{"created":3,"updated":0,"restored":0,"unchanged":0,"deleted":0,"refused":0},"refused":0,"warnings":0,"extensions":1,"restored":[],"stopped":null}');
CREATE TABLE source_assignment (
    source TEXT NOT NULL,
    application TEXT NOT NULL,  
    reference TEXT NOT NULL,
    role TEXT NOT NULL,  
    tenant TEXT NOT NULL,
    PRIMARY KEY (source, application, reference, role)
);
CREATE TABLE source_member (
    source TEXT NOT NULL,
    group_anchor TEXT NOT NULL,
    reference TEXT NOT NULL,
    tenant TEXT NOT NULL,
    state INTEGER NOT NULL,  
    seen INTEGER NOT NULL,
    PRIMARY KEY (source, group_anchor, reference)
);
CREATE TABLE source_record (
    source TEXT NOT NULL,
    anchor TEXT NOT NULL,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  
    reference TEXT NOT NULL,  
    document TEXT NOT NULL,  
    flowed TEXT NOT NULL DEFAULT '{}',  
    manager TEXT,  
    object TEXT,  
    presence TEXT NOT NULL,  
    reason TEXT,  
    dirty INTEGER NOT NULL,  
    seen INTEGER NOT NULL,  
    left_at INTEGER,
    PRIMARY KEY (source, anchor)
);
CREATE TABLE source_run (
    source TEXT NOT NULL,
    n INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,  
    state TEXT NOT NULL,  
    staging INTEGER NOT NULL,
    counters TEXT NOT NULL,  
    error TEXT,  
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (source, n)
);
CREATE TABLE statistic (
    job INTEGER NOT NULL,
    day INTEGER NOT NULL,  
    kind TEXT NOT NULL,  
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL,  
    number INTEGER NOT NULL,
    PRIMARY KEY (job, day, kind, action, status, code)
);
INSERT INTO "statistic" VALUES(1,20786,'group','other','skipped','NotEffectivelyEntitled',1);
INSERT INTO "statistic" VALUES(1,20786,'user','create','success','',3);
INSERT INTO "statistic" VALUES(1,20786,'group','create','success','',1);
INSERT INTO "statistic" VALUES(1,20786,'group','update','success','',1);
INSERT INTO "statistic" VALUES(1,20786,'user','update','success','',1);
INSERT INTO "statistic" VALUES(1,20786,'user','disable','success','',1);
CREATE TABLE taken (
    job INTEGER NOT NULL PRIMARY KEY,
    user_count INTEGER NOT NULL DEFAULT 0,
    group_count INTEGER NOT NULL DEFAULT 0,
    membership_count INTEGER NOT NULL DEFAULT 0,
    unlinked_count INTEGER NOT NULL DEFAULT 0,  
    goes_on INTEGER NOT NULL DEFAULT 0,  
    waits_since INTEGER
);
INSERT INTO "taken" VALUES(1,1,0,0,0,0,NULL);
CREATE TABLE tenant (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
INSERT INTO "tenant" VALUES('94ac6c93-d02c-409a-a63f-cdc8ce6fb8f7','Provisor',1795971907108896);
CREATE TABLE unknown_create (
    job INTEGER NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    sent TEXT NOT NULL,  
    PRIMARY KEY (job, object)
);
CREATE TABLE waiting (
    job INTEGER NOT NULL,
    waits_for TEXT NOT NULL,
    object TEXT NOT NULL,
    attribute TEXT NOT NULL,  
    PRIMARY KEY (job, waits_for, object, attribute)
);
CREATE TABLE webhook (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    url TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    failing_since INTEGER,
    disabled_at INTEGER
);
CREATE TABLE work (
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,  
    object TEXT NOT NULL,
    PRIMARY KEY (job, kind, object)
);
CREATE UNIQUE INDEX source_name ON source (tenant, name);
CREATE UNIQUE INDEX object_anchor ON object (tenant, source, kind, anchor);
CREATE INDEX object_bin ON object (tenant, kind, purged_at, id) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX object_change ON object (tenant, change, id);
CREATE INDEX object_deleted ON object (tenant, deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX object_kind ON object (tenant, kind, id, deleted_at, purged_at, folded_name);
CREATE INDEX object_manager ON object (manager) WHERE manager IS NOT NULL;
CREATE INDEX object_name ON object (tenant, kind, folded_name, id, deleted_at, purged_at);
CREATE INDEX object_purged ON object (tenant, purged_at, change, id) WHERE purged_at IS NOT NULL;
CREATE INDEX member_change ON member (tenant, change, group_id, member_id);
CREATE INDEX member_nested ON member (group_id, member_id) WHERE nested = 1;
CREATE INDEX member_nested_of ON member (member_id, group_id) WHERE nested = 1;
CREATE INDEX member_of ON member (member_id, group_id);
CREATE INDEX member_removed ON member (tenant, removed_at, change) WHERE removed_at IS NOT NULL;
CREATE UNIQUE INDEX application_app_id ON application (tenant, app_id);
CREATE INDEX application_name ON application (tenant, display_name);
CREATE UNIQUE INDEX application_object ON application (tenant, object_id);
CREATE INDEX application_owner_object ON application_owner (object);
CREATE INDEX assignment_application ON assignment (application, principal_kind, principal) WHERE removed_at IS NULL;
CREATE INDEX assignment_change ON assignment (application, change);
CREATE INDEX assignment_page ON assignment (application, id) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX assignment_principal ON assignment (principal, application, role);
CREATE INDEX assignment_removed ON assignment (tenant, removed_at, change) WHERE removed_at IS NOT NULL;
CREATE INDEX extension_property_app ON extension_property (tenant, app_id);
CREATE INDEX job_application ON job (application);
CREATE INDEX job_schedule ON job (tenant, schedule_state);
CREATE INDEX run_request_asked ON run_request (job, asked_at);
CREATE INDEX run_request_open ON run_request (job) WHERE answer IS NULL;
CREATE INDEX deleted_job_name ON deleted_job (tenant, application_name);
CREATE INDEX secret_key ON secret (tenant, key_id, owner_kind, owner, name);
CREATE UNIQUE INDEX link_target ON link (job, kind, target_id);
CREATE INDEX member_link_idle ON member_link (job, group_id) WHERE pushed = 0 AND pending = 0;
CREATE INDEX member_link_member ON member_link (job, member_id);
CREATE INDEX member_link_pending ON member_link (job, group_id, member_id) WHERE pending <> 0;
CREATE INDEX member_taken_group ON member_taken (job, group_id);
CREATE INDEX waiting_object ON waiting (job, object, attribute, waits_for);
CREATE INDEX cycle_id ON cycle (job, id);
CREATE INDEX operation_claim ON operation (job, object_kind, target_id) WHERE kind = 'link';
CREATE INDEX operation_removes ON operation (job, state, stage, object, object_kind, removes) WHERE removes > 0;
CREATE INDEX operation_state ON operation (job, state, phase, stage, object);
CREATE INDEX plan_job ON plan (job, number);
CREATE INDEX plan_operation_object ON plan_operation (plan, stage, object) WHERE digest IS NOT NULL;
CREATE INDEX escrow_cause ON escrow (job, cause, object, kind);
CREATE INDEX escrow_due ON escrow (job, due);
CREATE INDEX escrow_rival ON escrow (job, rival) WHERE rival IS NOT NULL;
CREATE INDEX held_amounts ON held (job, allowed_at, stage, object_kind, removes);
CREATE INDEX held_allowed ON held (job, stage, object) WHERE allowed_at IS NOT NULL;
CREATE INDEX log_event_at ON log_event (tenant, at, id);
CREATE INDEX log_event_cycle ON log_event (cycle, facet, at, id);
CREATE INDEX log_event_facet ON log_event (facet, at, id);
CREATE INDEX log_event_name ON log_event (name);
CREATE INDEX log_event_source ON log_event (source_id);
CREATE INDEX log_event_target ON log_event (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX exchange_at ON exchange (job, at);
CREATE UNIQUE INDEX log_facet_of ON log_facet (tenant, job, frame, action, status, code);
CREATE UNIQUE INDEX log_frame_of ON log_frame
    (tenant, job_id, application, app_id, application_name, source_name, user_urn, group_urn);
CREATE INDEX audit_event_activity ON audit_event (tenant, activity, at, id);
CREATE INDEX audit_event_actor ON audit_event (tenant, actor, at, id);
CREATE INDEX audit_event_actor_id ON audit_event (tenant, actor_id, at, id);
CREATE INDEX audit_event_at ON audit_event (tenant, at, id);
CREATE INDEX audit_event_failure ON audit_event (tenant, at, id) WHERE result <> 'success';
CREATE INDEX audit_event_target ON audit_event (tenant, target, at, id);
CREATE INDEX browser_session_account ON browser_session (account);
CREATE UNIQUE INDEX account_name ON account (tenant, kind, folded_name);
CREATE UNIQUE INDEX account_secret ON account (secret) WHERE secret IS NOT NULL;
CREATE UNIQUE INDEX account_subject ON account (tenant, subject) WHERE subject IS NOT NULL;
CREATE INDEX access_token_account ON access_token (account);
CREATE INDEX access_token_expires ON access_token (expires_at);
CREATE INDEX notice_at ON notice (tenant, at);
CREATE INDEX outbox_message ON outbox (message, notice) WHERE message IS NOT NULL;
CREATE INDEX outbox_notice ON outbox (notice);
CREATE INDEX outbox_waiting ON outbox (tenant, channel, notice) WHERE message IS NULL;
CREATE INDEX message_channel ON message (tenant, channel, made_at);
CREATE INDEX message_ended ON message (tenant, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX message_open ON message (tenant, due_at) WHERE ended_at IS NULL;
CREATE INDEX webhook_tenant ON webhook (tenant, created_at, id);
CREATE INDEX plan_operation_sort ON plan_operation (plan, sort, position, folded_name);
CREATE INDEX link_disabled ON link (job, disabled_at, object) WHERE disabled_at IS NOT NULL;
CREATE INDEX source_record_dirty ON source_record (source, dirty, kind, anchor) WHERE dirty > 0;
CREATE INDEX source_record_fed ON source_record (source, kind) WHERE presence = 'here' AND object IS NOT NULL;
CREATE INDEX source_record_leaving ON source_record (source, anchor) WHERE presence = 'leaving';
CREATE INDEX source_record_manager ON source_record (source, manager) WHERE manager IS NOT NULL;
CREATE INDEX source_record_object ON source_record (object) WHERE object IS NOT NULL;
CREATE INDEX source_record_reason ON source_record (source, anchor) WHERE reason IS NOT NULL;
CREATE INDEX source_record_reference ON source_record (source, reference);
CREATE INDEX source_member_reference ON source_member (source, reference, group_anchor);
CREATE INDEX source_member_state ON source_member (source, state, group_anchor, reference) WHERE state IN (1, -1);
CREATE INDEX source_assignment_reference ON source_assignment (source, reference);
CREATE INDEX source_run_began ON source_run (tenant, began_at);
CREATE INDEX object_immutable_id ON object (tenant, kind, immutable_id) WHERE immutable_id IS NOT NULL;
COMMIT;
